import assert from 'node:assert/strict';
import { boxOf } from '../../lib/picture/plane';
import { heightOf } from '../../lib/picture/rows';
import { inTwo, waysInTwo } from '../../lib/picture/touching';

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

it('waysInTwo(group) also cuts where the way of least ink leaves no second digit', () => {
  // Two stems that touch widely, the right one with a bar as a five has it: the least ink is there.
  const both = group((x, y) => {
    const isStem = (x >= 30 && x < 40) || (x >= 48 && x < 58);
    const isTouching = x >= 40 && x < 48 && y >= 20 && y < 40;
    return isStem || isTouching || (x >= 20 && x < 80 && y >= 28 && y < 32);
  });
  assert.equal(inTwo(both, width), undefined);
  const ways = waysInTwo(both, width);
  assert.ok(ways.some(([left]) => left.box.right >= 40 && left.box.right <= 48));
  for (const [left, right] of ways) {
    assert.deepEqual(
      [left, right].map(({ box }) => heightOf(box)),
      [60, 60],
    );
    assert.equal(left.pixels.length + right.pixels.length, both.pixels.length);
  }
});

it('waysInTwo(group) cuts what is hardly wide enough in one way, and a bar in none', () => {
  const narrow = group((x, y) => ring(x, y, 28));
  assert.equal(waysInTwo(narrow, width).length, 1);
  assert.deepEqual(
    waysInTwo(
      group((x, y) => x >= 40 && x < 50 && y < 50),
      width,
    ),
    [],
  );
});
