import assert from 'node:assert/strict';
import {
  accuracyBars,
  classDistribution,
  confusionHeatMap,
  perClassBars,
} from '../../lib/report/charts';
import { classificationReport } from '../../lib/metrics/metrics';
import { assertReadable, classNames, drawnSet, markupName, sixtyLetters } from '../fixtures';
import type { Figure } from '../../lib/report/figure';

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
    { classNames: ['cat', 'dog'] },
  );
  const [trace] = figure.data;
  assert.deepEqual(trace.z, [
    [1.996, 0],
    [null, 2],
  ]);
  assert.deepEqual(trace.text as unknown, [
    ['99', '1'],
    ['', '50'],
  ]);
  assert.deepEqual(figure.layout.yaxis?.range, [1.5, -0.5]);
  assert.equal(
    (trace.hovertext as unknown as string[][])[0][1],
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
    { classNames: ['cat', 'dog'] },
  );
  assert.deepEqual(figure.data[0].z, [
    [null, null],
    [null, 2],
  ]);
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
  const figure = perClassBars(classificationReport([0, 1, 1], [0, 0, 0]), {
    title: 'Three labels',
  });
  assert.match(figure.description, /^Three labels, from 0 % up/);
  assert.deepEqual(figure.layout.yaxis?.range, [0, 100]);
});

it('accuracyBars(counts, classNames) has Wilson intervals on an axis that says where it starts', () => {
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

it('accuracyBars(counts, classNames) leaves out a class without images', () => {
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

it('accuracyBars(counts, classNames) takes a matrix without images', () => {
  const figure = accuracyBars([[0]], { classNames: ['cat'] });
  assert.deepEqual(figure.data[0].y, []);
  assert.match(figure.description, /no images/);
});

it('classDistribution(data) rejects a label without a name', () => {
  const set = drawnSet(1);
  const data = { train: set, validation: set, test: set, source: 'drawn', isSample: false };
  assert.throws(() => classDistribution({ ...data, classNames: classNames.slice(0, 5) }), {
    name: 'RangeError',
    message: /^labels\[4\] of the training set is 5, but classNames has 5 names/,
  });
});

it('classDistribution(data) takes sets without images', () => {
  const none = { images: new Float32Array(), labels: new Uint8Array(), count: 0 };
  const figure = classDistribution({
    ...{ train: none, validation: none, test: none, classNames: ['only'] },
    ...{ source: 'none', isSample: false },
  });
  assert.deepEqual(figure.data[0].y, [0]);
  assertReadable(figure);
});

it('confusionHeatMap(counts, classNames) is bounded, and writes the counts that have room', () => {
  const counts = diagonal(60, 123);
  counts[3][7] = 45;
  const figure = confusionHeatMap(counts, { classNames: namesOf(60) });
  const text = figure.data[0].text as unknown as string[][];
  assert.deepEqual([text[3][7], text[3][3]], ['45', '']);
  assert.ok((figure.layout.width as number) < 1100 && (figure.layout.height as number) < 1100);
  const large = confusionHeatMap(diagonal(200, 5), { classNames: namesOf(200) });
  assert.ok((large.layout.width as number) < 1100);
  assert.ok(JSON.stringify(large).length < 600_000);
});

it('confusionHeatMap(counts, classNames) leaves its cells their size, however long the names', () => {
  const inner = ({ layout: { width, height, margin } }: Figure) => [
    (width as number) - (margin?.l as number) - (margin?.r as number),
    (height as number) - (margin?.t as number) - (margin?.b as number),
  ];
  const long = Array.from({ length: 10 }, (_, index) => `${sixtyLetters} ${index}`);
  assert.deepEqual(
    inner(confusionHeatMap(diagonal(10, 5), { classNames: long })),
    inner(confusionHeatMap(diagonal(10, 5), { classNames })),
  );
});

it('confusionHeatMap and accuracyBars reject names and rows that do not fit', () => {
  for (const draw of [confusionHeatMap, accuracyBars]) {
    assert.throws(() => draw(diagonal(3, 1), { classNames: ['cat', 'dog'] }), {
      name: 'RangeError',
      message: 'classNames has 2 names; expected one for each of 3 classes',
    });
    assert.throws(() => draw([[1, 2], [3]], { classNames: ['cat', 'dog'] }), {
      name: 'RangeError',
      message: 'counts[1] has 1 columns; expected 2, as many as rows',
    });
    assert.throws(() => draw([], { classNames: [] }), /expected at least one class/);
  }
});

it('perClassBars(report) rejects a report without classes', () => {
  const report = classificationReport([0, 1], [0, 1], { classNames: ['cat', 'dog'] });
  assert.throws(() => perClassBars({ ...report, classes: [] }), /expected at least one class/);
});

it('all charts draw names letter by letter, and keep equal ones apart', () => {
  const names = [markupName, 'same', 'same'];
  const labels = [0, 1, 2, 2];
  const set = { images: new Float32Array(), labels: Uint8Array.from(labels), count: 4 };
  const figures = [
    confusionHeatMap(diagonal(3, 4), { classNames: names, title: markupName }),
    accuracyBars(diagonal(3, 4), { classNames: names, title: markupName }),
    perClassBars(classificationReport(labels, labels, { classNames: names }), {
      title: markupName,
    }),
    classDistribution({
      ...{ train: set, validation: set, test: set, classNames: names },
      ...{ source: 'made up', isSample: false },
    }),
  ];
  for (const { data, layout } of figures) {
    assert.doesNotMatch(
      JSON.stringify([data, layout.xaxis, layout.yaxis]),
      /<b>zero|<a |\$x|%\{y\}/,
    );
    assert.equal(layout.xaxis?.tickvals?.length, 3);
    assert.ok((layout.title as { text: string }).text.startsWith('<b>'));
    assert.doesNotMatch((layout.title as { text: string }).text, /<b>zero|\$x/);
  }
});

it('bars keep their height with long names, and answer with whole ones on hovering', () => {
  const long = Array.from({ length: 10 }, (_, index) => `${sixtyLetters} ${index}`);
  const inner = ({ layout: { height, margin } }: Figure) =>
    (height as number) - (margin?.t as number) - (margin?.b as number);
  const labels = classNames.map(Number);
  const report = (names: string[]) =>
    perClassBars(classificationReport(labels, labels, { classNames: names }));
  assert.equal(inner(report(long)), inner(report(classNames)));
  assert.equal(
    inner(accuracyBars(diagonal(10, 5), { classNames: long })),
    inner(report(classNames)),
  );
  const hovers = JSON.stringify(report(long).data);
  for (const index of [0, 9]) assert.ok(hovers.replaceAll('<br>', ' ').includes(long[index]));
});

it('bars of many classes become dots', () => {
  const names = namesOf(200);
  const labels = names.map((_, index) => index);
  for (const figure of [
    perClassBars(classificationReport(labels, labels, { classNames: names })),
    accuracyBars(diagonal(200, 5), { classNames: names }),
  ]) {
    assert.deepEqual([figure.data[0].type, figure.data[0].mode], ['scatter', 'markers']);
    assert.equal(figure.data[0].x?.length, 200);
    assertReadable(figure);
  }
});

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `class ${index}`);
}

/** A confusion matrix without errors. */
function diagonal(classes: number, images: number): number[][] {
  return Array.from({ length: classes }, (_, row) =>
    Array.from({ length: classes }, (_, column) => (row === column ? images : 0)),
  );
}
