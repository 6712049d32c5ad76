import assert from 'node:assert/strict';
import { joinBins, rankGuesses, sayWrong, wrongShare } from '../../web/confidence';

const bins = joinBins([
  { low: 0.4, high: 0.6, count: 10, accuracy: 0.5 },
  { low: 0.6, high: 0.8, count: 30, accuracy: 0.9 },
  { low: 0.8, high: 1, count: 1000, accuracy: 0.999 },
]);

it('joinBins(bins) joins bins of few guesses, from 0 up', () => {
  assert.deepEqual(
    bins.map(({ low, high, count }) => [low, high, count]),
    [
      [0, 0.8, 40],
      [0.8, 1, 1000],
    ],
  );
});

it('wrongShare(bins, confidence) is that of the bin, whatever rounding made of 1', () => {
  assert.ok(Math.abs(wrongShare(bins, 0.7) - 8 / 40) < 1e-9);
  assert.ok(Math.abs(wrongShare(bins, 1.0000001) - 0.001) < 1e-9);
});

it('sayWrong(share, what) counts in words', () => {
  assert.equal(sayWrong(0.00132, 'readings'), 'About 1 in 760 such readings is wrong.');
  assert.equal(sayWrong(0.0004, 'numbers'), 'About 1 in 2,500 such numbers is wrong.');
  assert.equal(sayWrong(0.21, 'readings'), 'About 1 in 5 such readings is wrong.');
  assert.equal(sayWrong(0.42, 'readings'), 'About 4 in 10 such readings are wrong.');
});

it('wrongShare(bins, confidence) promises nothing that no count can show', () => {
  const faultless = [{ low: 0, high: 1, count: 100, accuracy: 1 }];
  assert.equal(wrongShare(faultless, 0.9), 0.005);
});

it('rankGuesses(probabilities) tells a second guess where it is near', () => {
  const sure = rankGuesses([0.95, 0.05, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(sure, { first: { digit: 0, probability: 0.95 } });
  const near = rankGuesses([0, 0.4, 0, 0, 0, 0, 0, 0.6, 0, 0]);
  assert.deepEqual([near.first.digit, near.second?.digit], [7, 1]);
});
