import assert from 'node:assert/strict';
import { drawSeed, seededRandom, shuffledIndices } from '../../lib/platform/random';

it('seededRandom(seed, purpose) repeats itself for one seed and purpose', () => {
  const [first, second] = [seededRandom(42, 'shuffle'), seededRandom(42, 'shuffle')];
  assert.deepEqual(draw(first, 20), draw(second, 20));
});

it('seededRandom(seed, purpose) differs between purposes and between seeds', () => {
  const numbers = [
    seededRandom(42, 'shuffle')(),
    seededRandom(42, 'dropout')(),
    seededRandom(43, 'shuffle')(),
    seededRandom(0, 'shuffle')(),
  ];
  assert.equal(new Set(numbers).size, 4);
});

it('seededRandom(NaN, purpose) is refused', () => {
  assert.throws(() => seededRandom(NaN, 'shuffle'), /RangeError: seed is NaN; expected a finite/);
});

it('seededRandom(seed, purpose, state) goes on where the source stood', () => {
  const source = seededRandom(42, 'dropout');
  draw(source, 7);
  const state = JSON.parse(JSON.stringify(source.state()));
  const expected = draw(source, 20);
  assert.deepEqual(draw(seededRandom(42, 'dropout', state), 20), expected);
  assert.notDeepEqual(draw(seededRandom(42, 'dropout'), 20), expected);
});

it('drawSeed(random) is a whole number from 1, at both ends of the source', () => {
  assert.equal(
    drawSeed(() => 0),
    1,
  );
  assert.equal(
    drawSeed(() => 1 - Number.EPSILON / 2),
    2 ** 31 - 1,
  );
});

it('shuffledIndices(count, random) holds every index once, in another order', () => {
  const indices = shuffledIndices(1000, seededRandom(1, 'test'));
  const inOrder = Array.from({ length: 1000 }, (_, index) => index);
  assert.notDeepEqual([...indices], inOrder);
  assert.deepEqual(
    [...indices].sort((a, b) => a - b),
    inOrder,
  );
});

it('shuffledIndices(3, random) gives each of the six orders about equally often', () => {
  const random = seededRandom(7, 'test');
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 6000; draw++) {
    const order = shuffledIndices(3, random).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) {
    // Five standard deviations of a binomial with 6,000 draws and probability 1/6.
    assert.ok(Math.abs(count - 1000) < 145, `${count} of 6000`);
  }
});

it('shuffledIndices(0, random) is empty', () => {
  assert.equal(shuffledIndices(0, seededRandom(1, 'test')).length, 0);
});

function draw(random: () => number, count: number): number[] {
  return Array.from({ length: count }, random);
}
