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
  const { values } = inkContrast(paper((x, y) => (x + y > 260 ? 0.5 : 1)));
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
