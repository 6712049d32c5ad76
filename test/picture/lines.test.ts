import assert from 'node:assert/strict';
import { withoutLines } from '../../lib/picture/lines';
import { findPieces } from '../../lib/picture/pieces';
import { longSide, type Plane } from '../../lib/picture/plane';

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

it('withoutLines(contrast) leaves nothing that is long of squared paper as dark as ink, turned', () => {
  const [side, slope] = [480, 0.06];
  const values = Float32Array.from({ length: side * side }, (_, pixel) => {
    const [x, y] = [pixel % side, Math.floor(pixel / side)];
    const distances = [y + slope * x, x - slope * y].map((place) => Math.abs((place % 40) - 20));
    return 0.95 * Math.max(0, Math.min(1, 1.5 - Math.min(...distances)));
  });
  const squared = { width: side, height: side, values };
  assert.equal(longest(squared), side);
  assert.ok(longest(withoutLines(squared, 0.05)) < 20);
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

/** The length of the longest piece of ink. */
function longest(plane: Plane): number {
  return Math.max(0, ...findPieces(plane, 0.4).map(({ box }) => longSide(box)));
}
