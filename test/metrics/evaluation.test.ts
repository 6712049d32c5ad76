import assert from 'node:assert/strict';
import { evaluateProbabilities, readingsOf } from '../../lib/metrics/evaluation';
import { wilsonInterval } from '../../lib/metrics/metrics';
import fixture from '../fixtures/metrics.json';

for (const known of fixture.cases) {
  const { name, classCount, labels, probabilities } = known;
  const classNames = Array.from({ length: classCount }, (_, index) => `class ${index}`);

  it(`evaluateProbabilities(labels, probabilities) equals scikit-learn's scores: ${name}`, () => {
    const found = evaluateProbabilities(labels, probabilities, { classNames });
    assert.ok(Math.abs(found.accuracy - known.accuracy) < 1e-12);
    assert.ok(Math.abs(found.loss - known.logLoss) < 1e-12);
    assert.deepEqual([...found.guesses], known.guesses);
    assert.deepEqual(found.confusionMatrix, known.confusionMatrix);
    assert.equal(found.errors, Math.round(labels.length * (1 - known.accuracy)));
    assert.deepEqual(found.interval, wilsonInterval(labels.length - found.errors, labels.length));
    assert.equal(found.report.classes[classCount - 1].className, `class ${classCount - 1}`);
  });
}

it('readingsOf(evaluation, indices) gives truth, guess and confidence of each', () => {
  const evaluation = evaluateProbabilities([0, 1], [0.9, 0.1, 0.75, 0.25], {
    classNames: ['cat', 'dog'],
  });
  assert.deepEqual(readingsOf(evaluation, [1, 0]), [
    { index: 1, truth: 1, guess: 0, confidence: 0.75 },
    { index: 0, truth: 0, guess: 0, confidence: 0.9 },
  ]);
  assert.throws(() => readingsOf(evaluation, [2]), /RangeError: index is 2; .* from 0 to 1/);
});

it('evaluateProbabilities(labels, probabilities, { classCount }) names classes by numbers', () => {
  const { report, confusionMatrix } = evaluateProbabilities([0, 1], [0.9, 0.1, 0.75, 0.25], {
    classCount: 2,
  });
  assert.equal(report.classes.map(({ className }) => className).join(), '0,1');
  assert.equal(confusionMatrix.length, 2);
});

it('evaluateProbabilities(labels, probabilities) refuses rows that do not fit', () => {
  assert.throws(() => evaluateProbabilities([0, 1], [0.5, 0.5]), /has length 2; expected 20/);
  assert.throws(() => evaluateProbabilities([], []), /labels is empty/);
});
