import assert from 'node:assert/strict';
import { accuracyBars, classDistribution, confusionHeatMap, perClassBars } from '../lib/charts';
import { classificationReport } from '../lib/metrics';
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

it('accuracyBars(counts, classNames) has Wilson intervals on an axis that says where it starts', () => {
  const figure = accuracyBars(
    [
      [95, 5],
      [0, 200],
    ],
    ['cat', 'dog'],
  );
  const [trace] = figure.data;
  assert.deepEqual(trace.y, [95, 100]);
  // wilsonInterval(95, 100) is 88.8246 to 97.8462 %, wilsonInterval(200, 200) 98.1154 to 100 %.
  const { array, arrayminus } = trace.error_y as { array: number[]; arrayminus: number[] };
  assert.deepEqual(
    [array, arrayminus],
    [
      [2.846, 0],
      [6.175, 1.885],
    ],
  );
  assert.deepEqual(figure.layout.yaxis?.range, [80, 100]);
  assert.match(JSON.stringify(figure.layout.yaxis?.title), /accuracy \(%\), from 80 %/);
  assert.match(figure.description, /cat: 95\.00 % of 100 images \(88\.82 % to 97\.85 %\)/);
  assert.equal(
    (trace.hovertext as string[])[0],
    'cat: 95 of 100 images, 95.00 % (95 %: 88.82 % to 97.85 %)',
  );
  assertReadable(figure);
});

it('accuracyBars(counts, classNames) leaves out a class without images', () => {
  const counts = [
    [3, 1, 0],
    [0, 0, 0],
    [0, 0, 4],
  ];
  const figure = accuracyBars(counts, ['cat', 'dog', 'cow'], 'Animals');
  assert.deepEqual(figure.data[0].x, [0, 2]);
  assert.deepEqual(figure.data[0].y, [75, 100]);
  assert.deepEqual(figure.layout.xaxis?.ticktext, ['cat', 'dog', 'cow']);
  assert.match(figure.description, /^Animals.*cat: 75\.00 %/);
});

it('accuracyBars(counts, classNames) takes a matrix without images', () => {
  const figure = accuracyBars([[0]], ['cat']);
  assert.deepEqual(figure.data[0].y, []);
  assert.match(figure.description, /no images/);
});
