import assert from 'node:assert/strict';
import { inkContrast } from '../../lib/picture/background';

const side = 200;

/** Paper of 200 x 200 pixels with a bar of ink, and other tones laid over it. */
function paper(light: (x: number, y: number) => number) {
  const values = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const isInk = x >= 95 && x < 105 && y >= 50 && y < 150;
      values[y * side + x] = light(x, y) * (isInk ? 60 : 220);
    }
  }
  return { width: side, height: side, values };
}

it('inkContrast(tones) shows ink and no shadow with a sharp edge', () => {
  const { values } = inkContrast(paper((x, y) => (x + y > 260 ? 0.5 : 1))).contrast;
  const at = (x: number, y: number) => values[y * side + x];
  assert.ok(at(100, 60) > 0.6 && at(100, 140) > 0.6);
  for (const [x, y] of [
    [20, 20],
    [180, 180],
    [150, 130],
  ]) {
    assert.ok(Math.abs(at(x, y)) < 0.1, `${at(x, y)} at ${x}, ${y}`);
  }
});

it('inkContrast(tones) gives the same of light ink on dark paper', () => {
  const dark = paper(() => 1);
  const light = { ...dark, values: dark.values.map((tone) => 255 - tone) };
  assert.deepEqual(inkContrast(light), inkContrast(dark));
});

it('inkContrast(tones) does not take lit paper for light ink where a shadow covers most of it', () => {
  // Light from the left, soft into a shadow on more than half of a wide strip.
  const [width, height] = [600, 130];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInk = y >= 40 && y < 90 && x >= 60 && x < 420 && x % 60 < 8;
      const light = 1 - 0.4 * Math.min(1, Math.max(0, (x + y / 2 - 120) / 180));
      values[y * width + x] = light * (isInk ? 50 : 235);
    }
  }
  const contrast = inkContrast({ width, height, values }).contrast.values;
  for (const x of [63, 123, 243, 363]) {
    assert.ok(contrast[65 * width + x] > 0.5, `${contrast[65 * width + x]} in ink at ${x}`);
    const beside = contrast[65 * width + x + 30];
    assert.ok(Math.abs(beside) < 0.15, `${beside} beside it`);
  }
  assert.ok(Math.abs(contrast[20 * width + 15]) < 0.15);
});
