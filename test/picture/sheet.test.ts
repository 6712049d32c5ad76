import assert from 'node:assert/strict';
import { onSheet } from '../../lib/picture/sheet';

const side = 240;

/** Tones of a table, with what `toneAt` lays on it. */
function table(toneAt: (x: number, y: number) => number | undefined) {
  const values = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) values[y * side + x] = toneAt(x, y) ?? 60;
  }
  return { width: side, height: side, values };
}

it('onSheet(tones) cuts a sheet out of the table, aslant or not', () => {
  for (const slope of [0, 0.1]) {
    const picture = table((x, y) => {
      const [u, v] = [x - 120 - slope * (y - 120), y - 120 + slope * (x - 120)];
      if (Math.abs(u) < 6 && Math.abs(v) < 40) return 50;
      return Math.abs(u) < 70 && Math.abs(v) < 80 ? 220 : undefined;
    });
    const { tones, left, top } = onSheet(picture);
    assert.ok(Math.abs(left - 50) < 12 && Math.abs(top - 40) < 12, `from ${left}, ${top}`);
    assert.equal(tones.values.filter((tone) => tone === 60).length, 0);
    assert.equal(tones.values[(120 - top) * tones.width + 120 - left], 50);
  }
});

it('onSheet(tones) takes neither a light ring nor a light bar for a sheet', () => {
  const shapes = [
    (x: number, y: number) => Math.abs(Math.hypot(x - 120, y - 120) - 70) < 15,
    (x: number, y: number) => Math.abs(x - 120) < 25 && Math.abs(y - 120) < 90,
  ];
  for (const isLight of shapes) {
    const picture = table((x, y) => (isLight(x, y) ? 220 : undefined));
    assert.equal(onSheet(picture).tones, picture);
  }
});
