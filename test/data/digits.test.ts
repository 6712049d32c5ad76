import assert from 'node:assert/strict';
import {
  allDigits,
  drawDigits,
  imagePixels,
  joinDigits,
  selectDigits,
  stratifiedSplit,
  toDigitSet,
  type DigitSet,
  type RawDigits,
} from '../../lib/data/digits';
import { seededRandom } from '../../lib/platform/random';
import { drawnDigits, drawnSet } from '../fixtures';

it('selectDigits(digits, indices) copies the digits in the order of indices', () => {
  const digits = drawnSet();
  const picked = selectDigits(digits, [5, 0, 5]);
  assert.deepEqual([...picked.labels], [7, 0, 7]);
  assert.equal(picked.count, 3);
  const image = (set: DigitSet, i: number) =>
    set.images.slice(i * imagePixels, (i + 1) * imagePixels);
  [5, 0, 5].forEach((from, to) => assert.deepEqual(image(picked, to), image(digits, from)));
  picked.images.fill(0.5);
  assert.notEqual(digits.images[0], 0.5);
});

it('selectDigits(digits, []) is an empty set', () => {
  const empty = { images: new Float32Array(), labels: new Uint8Array(), count: 0 };
  assert.deepEqual(selectDigits(drawnSet(), []), empty);
});

it('selectDigits(digits, indices) refuses an index out of range', () => {
  for (const index of [6, -1, 0.5, NaN]) {
    const message = `indices[1] is ${index}; expected a whole number from 0 to 5`;
    assert.throws(() => selectDigits(drawnSet(), [0, index]), { name: 'RangeError', message });
  }
});

it('joinDigits(sets) copies all digits in the order of the sets', () => {
  const [one, two] = [selectDigits(drawnSet(), [5]), selectDigits(drawnSet(), [1, 2])];
  const joined = joinDigits([one, two, selectDigits(drawnSet(), [])]);
  assert.deepEqual(joined, selectDigits(drawnSet(), [5, 1, 2]));
  assert.deepEqual(joinDigits([]), selectDigits(drawnSet(), []));
  const wide = { ...one, labels: Int32Array.of(300) };
  assert.deepEqual([...joinDigits([one, wide]).labels], [7, 300]);
});

it('joinDigits(sets) refuses images of different sizes', () => {
  const small = { images: new Float32Array(4), labels: Uint8Array.of(0), count: 1 };
  assert.throws(() => joinDigits([drawnSet(), small]), {
    name: 'RangeError',
    message: 'the sets have images of 784 and 4 pixels; expected one size',
  });
});

it('drawDigits(digits, { perClass, seed }) draws so many of each class, others with another seed', () => {
  const digits = drawnSet(20);
  const drawn = drawDigits(digits, { perClass: 2, seed: 1 });
  assert.deepEqual([...drawn.labels], [0, 0, 1, 1, 2, 2, 3, 3, 5, 5, 7, 7]);
  assert.deepEqual(drawDigits(digits, { perClass: 2, seed: 1 }), drawn);
  const numbered = { ...digits, images: Float32Array.from(digits.labels, (_, index) => index) };
  const places = [1, 2].map((seed) => [...drawDigits(numbered, { perClass: 2, seed }).images]);
  assert.notDeepEqual(places[0], places[1]);
  assert.equal(new Set(places[0]).size, 12);
  assert.equal(drawDigits(drawnSet(), { perClass: 9 }).count, 6);
  assert.throws(() => drawDigits(digits, { perClass: 0 }), /perClass is 0; expected a whole/);
});

it('stratifiedSplit(digits, count, random) parts without overlap or loss, classes within one', () => {
  const digits = labeled(1234);
  const all = countsOf(digits);
  for (const count of [0, 1, 10, 123, 617, 1233, 1234]) {
    const [picked, rest] = stratifiedSplit(digits, count, seededRandom(count, 'split'));
    assert.equal(picked.indices.length, count);
    const parts = [...picked.indices, ...rest.indices].sort((a, b) => a - b);
    assert.deepEqual(parts, [...digits.indices]);
    countsOf(picked).forEach((images, digit) => {
      const share = (all[digit] * count) / 1234;
      assert.ok(Math.abs(images - share) < 1, `${images} of digit ${digit}; expected ${share}`);
    });
  }
});

it('stratifiedSplit(digits, count, random) leaves both parts in no order of class or place', () => {
  const [picked, rest] = stratifiedSplit(labeled(2000), 1000, seededRandom(42, 'split'));
  for (const part of [picked, rest]) {
    const firstHundred = countsOf({ ...part, indices: part.indices.subarray(0, 100) });
    assert.ok(Math.min(...firstHundred) > 0, `classes ${firstHundred}`);
  }
});

it('stratifiedSplit(digits, count, random) splits a part again, and repeatably', () => {
  const parts = () => {
    const random = seededRandom(7, 'split');
    const [, rest] = stratifiedSplit(labeled(300), 30, random);
    return { rest, part: stratifiedSplit(rest, 50, random)[0] };
  };
  const { rest, part } = parts();
  assert.equal(part.indices.length, 50);
  assert.ok(part.indices.every((index) => rest.indices.includes(index)));
  assert.deepEqual(parts().part, part);
});

it('toDigitSet(digits) scales the digits that are meant, in their order', () => {
  const pixels = Buffer.concat(drawnDigits.map((digit) => digit.pixels));
  const labels = Uint8Array.from(drawnDigits, ({ label }) => label);
  const digits = allDigits(pixels, labels);
  assert.deepEqual(toDigitSet(digits), drawnSet());
  const indices = Uint32Array.of(4, 1);
  assert.deepEqual(toDigitSet({ ...digits, indices }), selectDigits(drawnSet(), indices));
});

/** Digits without pixels, in order of class, in classes of different sizes. */
function labeled(count: number): RawDigits {
  const labels = Uint8Array.from({ length: count }, (_, i) => Math.floor(10 * (i / count) ** 1.3));
  return allDigits(new Uint8Array(), labels);
}

function countsOf({ labels, indices }: RawDigits): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const index of indices) counts[labels[index]]++;
  return counts;
}

it('selectDigits(digits, indices) keeps labels above 255', () => {
  const digits = { images: Float32Array.of(0, 1), labels: Int32Array.of(7, 299), count: 2 };
  assert.deepEqual(selectDigits(digits, [1]), {
    images: Float32Array.of(1),
    labels: Int32Array.of(299),
    count: 1,
  });
});

for (const [change, message] of [
  [{ count: undefined }, 'count is undefined; expected a whole number from 0'],
  [
    { count: 5 },
    /^count is 5, but there are 6 labels and 4704 pixels; expected as many labels, and/,
  ],
  [{ images: new Float32Array(100) }, /^count is 6, but there are 6 labels and 100 pixels; expec/],
] as [Partial<DigitSet>, string | RegExp][]) {
  it(`selectDigits(digits, indices) refuses: ${message}`, () => {
    const digits = { ...drawnSet(), ...change };
    assert.throws(() => selectDigits(digits, [0]), { name: 'RangeError', message });
  });
}
