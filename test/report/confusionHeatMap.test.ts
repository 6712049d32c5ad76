import assert from 'node:assert/strict';
import { accuracyBars, confusionHeatMap } from '../../lib/report/figures';
import { assertReadable, classNames, sixtyLetters } from '../fixtures';
import type { Figure } from '../../lib/report/figure';

it('confusionHeatMap(counts, { classNames }) has counts as text and row shares as depth', () => {
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

it('confusionHeatMap(counts, { classNames }) takes a class without images', () => {
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

it('confusionHeatMap(counts, { classNames }) is bounded, and writes the counts that have room', () => {
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

it('confusionHeatMap(counts, { classNames }) leaves its cells their size, however long the names', () => {
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

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `class ${index}`);
}

/** A confusion matrix without errors. */
function diagonal(classes: number, images: number): number[][] {
  return Array.from({ length: classes }, (_, row) =>
    Array.from({ length: classes }, (_, column) => (row === column ? images : 0)),
  );
}
