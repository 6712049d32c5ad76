import assert from 'node:assert/strict';
import { answersAbove } from '../../lib/metrics/answers';
import { evaluateProbabilities } from '../../lib/metrics/evaluation';

const probabilities = [0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.45, 0.55];
const evaluation = evaluateProbabilities([0, 1, 1, 0], probabilities, { classCount: 2 });

it('answersAbove(evaluation, thresholds) counts answers and the right ones among them', () => {
  assert.deepEqual(answersAbove(evaluation, [0, 0.6, 0.7]), [
    { threshold: 0, share: 1, accuracy: 0.5, errors: 2 },
    { threshold: 0.6, share: 0.75, accuracy: 1 - 1 / 3, errors: 1 },
    { threshold: 0.7, share: 0.5, accuracy: 1, errors: 0 },
  ]);
});

it('answersAbove(evaluation, thresholds) has no accuracy where nothing is answered', () => {
  const [none] = answersAbove(evaluation, [0.95]);
  assert.deepEqual([none.share, none.accuracy, none.errors], [0, NaN, 0]);
  assert.deepEqual(answersAbove(evaluation, []), []);
});

it('answersAbove(evaluation, thresholds) refuses a threshold out of range, and no evaluation', () => {
  assert.throws(() => answersAbove(evaluation, [0, 90]), /thresholds\[1\] is 90; expected a/);
  assert.throws(() => answersAbove({} as never, [0]), /evaluation has no labels/);
});
