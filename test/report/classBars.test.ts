import assert from 'node:assert/strict';
import { accuracyBars, perClassBars } from '../../lib/report/figures';
import { classificationReport } from '../../lib/metrics/metrics';
import { assertReadable } from '../fixtures';

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
  const figure = perClassBars(classificationReport([0, 1, 1], [0, 0, 0]), {
    title: 'Three labels',
  });
  assert.match(figure.description, /^Three labels, from 0 % up/);
  assert.deepEqual(figure.layout.yaxis?.range, [0, 100]);
});

it('accuracyBars(counts, { classNames }) has Wilson intervals on an axis that says where it starts', () => {
  const figure = accuracyBars(
    [
      [95, 5],
      [0, 200],
    ],
    { classNames: ['cat', 'dog'] },
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

it('accuracyBars(counts, { classNames }) leaves out a class without images', () => {
  const counts = [
    [3, 1, 0],
    [0, 0, 0],
    [0, 0, 4],
  ];
  const figure = accuracyBars(counts, { classNames: ['cat', 'dog', 'cow'], title: 'Animals' });
  assert.deepEqual(figure.data[0].x, [0, 2]);
  assert.deepEqual(figure.data[0].y, [75, 100]);
  assert.deepEqual(figure.layout.xaxis?.ticktext, ['cat', 'dog', 'cow']);
  assert.match(figure.description, /^Animals.*cat: 75\.00 %/);
});

it('accuracyBars(counts, { classNames }) takes a matrix without images', () => {
  const figure = accuracyBars([[0]], { classNames: ['cat'] });
  assert.deepEqual(figure.data[0].y, []);
  assert.match(figure.description, /no images/);
});

it('perClassBars(report) rejects a report without classes', () => {
  const report = classificationReport([0, 1], [0, 1], { classNames: ['cat', 'dog'] });
  assert.throws(() => perClassBars({ ...report, classes: [] }), /expected at least one class/);
});
