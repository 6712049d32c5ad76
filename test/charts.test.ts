import assert from 'node:assert/strict';
import {
  classDistribution,
  compareCurves,
  confusionHeatMap,
  perClassBars,
  trainingCurves,
} from '../lib/charts';
import { classificationReport } from '../lib/metrics';
import type { TrainingHistory } from '../lib/training';
import { assertReadable, classNames, drawnSet } from './fixtures';

it('classDistribution(data) gives shares of each set that add up to 100 %', () => {
  const [train, validation, test] = [drawnSet(4), drawnSet(1), drawnSet(2)];
  const figure = classDistribution({
    ...{ train, validation, test, classNames },
    ...{ source: 'drawn', isSample: false },
  });
  assert.deepEqual(
    figure.data.map(({ name }) => name),
    ['training (24)', 'validation (6)', 'test (12)'],
  );
  for (const { y } of figure.data) {
    assert.equal((y as number[])[4], 0);
    const total = (y as number[]).reduce((sum, share) => sum + share, 0);
    assert.ok(Math.abs(total - 100) < 0.01);
  }
  assert.equal((figure.data[0].hovertext as string[])[5], '4 images');
  assertReadable(figure);
});

it('trainingCurves(history) shows accuracy in percent beside loss, by whole epochs', () => {
  const figure = trainingCurves(history(3), 'Tiny');
  assert.equal(figure.data.length, 4);
  assert.deepEqual(figure.data[0].x, [1, 2, 3]);
  assert.deepEqual(figure.data[0].y, [91, 92, 93]);
  assert.deepEqual(figure.data[1].y, [81, 82, 83]);
  assert.deepEqual(figure.data[2].y, [0.1, 0.2, 0.3]);
  assert.deepEqual(figure.data[3].y, [1.1, 1.2, 1.3]);
  assert.equal(figure.data[3].yaxis, 'y2');
  assert.equal(figure.layout.xaxis?.dtick, 1);
  assert.match(
    figure.description,
    /highest in epoch 3 \(83\.00 %\).*lowest in epoch 1 \(1\.1000\)/,
  );
  assertReadable(figure);
});

it('trainingCurves(history) takes a training that was stopped in its first epoch', () => {
  const figure = trainingCurves(history(0));
  assert.deepEqual(figure.data[0].y, []);
  assert.match(figure.description, /no epoch/);
});

it('compareCurves(runs) draws one line of validation accuracy for each run', () => {
  const figure = compareCurves([
    { name: 'one', history: history(2) },
    { name: 'two', history: history(30) },
  ]);
  assert.deepEqual(figure.data[0].y, [81, 82]);
  assert.equal(figure.data[1].y?.length, 30);
  assert.equal(figure.layout.xaxis?.dtick, 3);
  assert.match(figure.description, /one ends at 82\.00 %/);
  assertReadable(figure);
});

it('confusionHeatMap(counts, classNames) has counts as text and row shares as depth', () => {
  const figure = confusionHeatMap(
    [
      [99, 1],
      [0, 50],
    ],
    ['cat', 'dog'],
  );
  const [trace] = figure.data;
  assert.deepEqual(trace.y, [0, 0, 1, 1]);
  assert.deepEqual(trace.x, [0, 1, 0, 1]);
  assert.deepEqual(trace.z, [1.996, 0, null, 2]);
  assert.deepEqual(
    figure.layout.annotations?.map(({ text }) => text),
    ['99', '1', '50'],
  );
  assert.deepEqual(figure.layout.yaxis?.range, [1.5, -0.5]);
  assert.equal(
    (trace.hovertext as string[])[1],
    'truth cat, guess dog: 1 images, 1.00 % of the row',
  );
  assert.match(figure.description, /cat read as dog \(1 times\)/);
  assertReadable(figure);
});

it('confusionHeatMap(counts, classNames) takes a class without images', () => {
  const figure = confusionHeatMap(
    [
      [0, 0],
      [0, 5],
    ],
    ['cat', 'dog'],
  );
  assert.deepEqual(figure.data[0].z, [null, null, null, 2]);
  assert.match(figure.description, /no errors/);
});

it('perClassBars(report) shows the scores in percent on an axis that says where it starts', () => {
  const labels = Array.from({ length: 1000 }, (_, index) => index % 10);
  const guesses = labels.map((label, index) => (index < 2 ? 9 : label));
  const figure = perClassBars(classificationReport(labels, guesses));
  assert.deepEqual(
    figure.data.map(({ name }) => name),
    ['precision', 'recall', 'F1'],
  );
  assert.deepEqual((figure.data[1].y as number[]).slice(0, 3), [99, 99, 100]);
  assert.deepEqual(figure.layout.yaxis?.range, [97, 100]);
  assert.match(JSON.stringify(figure.layout.yaxis?.title), /score \(%\), from 97 %/);
  assertReadable(figure);
});

it('perClassBars(report) starts at 0 when a class was never guessed', () => {
  const figure = perClassBars(classificationReport([0, 1, 1], [0, 0, 0]), 'Three labels');
  assert.match(figure.description, /^Three labels, from 0 % up/);
  assert.deepEqual(figure.layout.yaxis?.range, [0, 100]);
});

/** A made-up training in which every figure rises. */
function history(epochCount: number): TrainingHistory {
  const epochs = Array.from({ length: epochCount }, (_, index) => ({
    epoch: index + 1,
    loss: 0.1 * (index + 1),
    accuracy: 0.91 + 0.01 * index,
    validationLoss: 1.1 + 0.1 * index,
    validationAccuracy: 0.81 + 0.01 * index,
    seconds: 2,
  }));
  return { epochs, seconds: 2 * epochCount, interrupted: false };
}
