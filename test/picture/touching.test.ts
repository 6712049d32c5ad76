import assert from 'node:assert/strict';
import { boxOf } from '../../lib/picture/plane';
import { inTwo } from '../../lib/picture/touching';

const width = 100;

function group(isInk: (x: number, y: number) => boolean) {
  const pixels: number[] = [];
  for (let y = 0; y < 60; y++) {
    for (let x = 0; x < width; x++) if (isInk(x, y)) pixels.push(y * width + x);
  }
  return { pixels, box: boxOf(pixels, width) };
}

const ring = (x: number, y: number, middle: number) =>
  Math.abs(Math.hypot(x - middle, (y - 30) / 1.3) - 18) < 4;

it('inTwo(group) cuts two rings that touch where they touch', () => {
  const halves = inTwo(
    group((x, y) => ring(x, y, 28) || ring(x, y, 70)),
    width,
  );
  assert.ok(halves);
  const [left, right] = halves;
  assert.ok(Math.abs(left.box.right - 49) <= 10 && Math.abs(right.box.left - 49) <= 10);
  assert.equal(
    left.pixels.length + right.pixels.length,
    group((x, y) => ring(x, y, 28) || ring(x, y, 70)).pixels.length,
  );
});

it('inTwo(group) leaves a bar as it is', () => {
  assert.equal(
    inTwo(
      group((x, y) => x >= 40 && x < 50 && y < 50),
      width,
    ),
    undefined,
  );
});
