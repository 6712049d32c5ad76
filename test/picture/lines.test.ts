import assert from 'node:assert/strict';
import { withoutLines } from '../../lib/picture/lines';

const [width, height] = [240, 160];

/** Ruled paper with the contrast 0.3, slightly aslant, and a bar of 0.7 across its lines. */
function ruled(hasBar: boolean) {
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isLine = (y + Math.round(0.02 * x)) % 30 < 2;
      const isBar = hasBar && x >= 115 && x < 125 && y >= 20 && y < 140;
      values[y * width + x] = isBar ? 0.7 : isLine ? 0.3 : 0;
    }
  }
  return { width, height, values };
}

it('withoutLines(contrast) leaves nothing of ruled paper', () => {
  const { values } = withoutLines(ruled(false), 0.05);
  assert.ok(ruled(false).values.some((value) => value > 0.2));
  // Lines that begin or end at the upper or lower border are the border's, and stay.
  assert.ok(Math.max(...inner(values)) < 0.1, String(Math.max(...inner(values))));
});

it('withoutLines(contrast) keeps a stroke across the lines whole', () => {
  const { values } = withoutLines(ruled(true), 0.05);
  for (let y = 21; y < 139; y++) {
    assert.ok(values[y * width + 120] > 0.35, `${values[y * width + 120]} in row ${y}`);
  }
  assert.ok(Math.max(...inner(values).filter((_, pixel) => pixel % width < 100)) < 0.1);
});

it('withoutLines(contrast) keeps a short line, such as the foot of a two', () => {
  const values = new Float32Array(width * height);
  for (let y = 100; y < 103; y++) values.fill(0.7, y * width + 60, y * width + 160);
  const foot = { width, height, values };
  assert.deepEqual(withoutLines(foot, 0.05), foot);
});

it('withoutLines(contrast) keeps the foot of a two that is cut out closely, large or small', () => {
  for (const [across, down] of [
    [240, 300],
    [40, 50],
  ]) {
    const values = new Float32Array(across * down);
    const [left, right] = [Math.round(0.11 * across), Math.round(0.89 * across)];
    for (let y = down - 8; y < down - 5; y++)
      values.fill(0.7, y * across + left, y * across + right);
    const foot = { width: across, height: down, values };
    assert.deepEqual(withoutLines(foot, 0.05), foot);
  }
});

/** Without the uppermost and the lowest rows. */
function inner(values: Float32Array): Float32Array {
  return values.subarray(10 * width, (height - 10) * width);
}
