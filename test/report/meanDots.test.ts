import assert from 'node:assert/strict';
import { meanDots } from '../../lib/report/figures';
import { assertReadable, markupName, sixtyLetters } from '../fixtures';

const rows = [
  { name: 'source B', values: [0.99, 0.992, 0.994] },
  { name: 'whole', values: [0.996, null, NaN] },
  { name: 'not run', values: [] },
];

it('meanDots(rows) has single values, means and whiskers by row', () => {
  const figure = meanDots(rows, { title: 'The ablation' });
  const [single, mean] = figure.data;
  assert.deepEqual(single.x, [99, 99.2, 99.4, 99.6]);
  assert.deepEqual(
    [mean.x, mean.y],
    [
      [99.2, 99.6],
      [0, 1],
    ],
  );
  // Student's 4.303 for three values, whose standard deviation is 0.2.
  const { array, arrayminus } = mean.error_x as unknown as Record<string, number[]>;
  const reach = (4.3027 * 0.2) / Math.sqrt(3);
  assert.ok(Math.abs(array[0] - reach) < 1e-3 && Math.abs(arrayminus[0] - reach) < 1e-3);
  assert.deepEqual([array[1], arrayminus[1]], [0, 0]);
  assert.deepEqual(figure.layout.yaxis?.range, [2.5, -0.5]);
  assert.deepEqual(figure.layout.yaxis?.ticktext, ['source B', 'whole', 'not run']);
  assert.match(
    figure.description,
    /source B: 99\.20 % \(95 %: 98\.70 % to 99\.70 %\), 3 values; whole: 99\.60 %, a single value; not run: no values\./,
  );
  assertReadable(figure);
});

it('meanDots(rows, { reference }) has a line to compare with', () => {
  const reference = { name: 'the source', value: 0.9952 };
  const figure = meanDots(rows, { reference });
  assert.deepEqual(
    [figure.data[0].x, figure.data[0].y],
    [
      [99.52, 99.52],
      [-0.5, 2.5],
    ],
  );
  assert.match(figure.description, /The line, the source, is at 99\.52 %/);
  assertReadable(figure);
});

it('meanDots(rows) keeps its size with many rows, and draws names letter by letter', () => {
  const names = [markupName, ...Array.from({ length: 99 }, (_, row) => `${sixtyLetters} ${row}`)];
  const figure = meanDots(
    names.map((name) => ({ name, values: [0.5, 0.6] })),
    { rowTitle: markupName, valueTitle: markupName },
  );
  assert.doesNotMatch(JSON.stringify([figure.data, figure.layout]), /<b>zero|<a |\$x|%\{y\}/);
  assert.ok(JSON.stringify(figure.data).replaceAll('<br>', ' ').includes(`${sixtyLetters} 98`));
  assertReadable(figure);
});

it('meanDots(rows) refuses what it cannot draw, by its name', () => {
  const many = Array.from({ length: 101 }, () => rows[0]);
  for (const [draw, message] of [
    [() => meanDots(null as never), /TypeError: rows is null; expected an array/],
    [() => meanDots([]), /RangeError: rows has 0 entries; expected 1 to 100/],
    [() => meanDots(many), /RangeError: rows has 101 entries; expected 1 to 100/],
    [() => meanDots([null as never]), /TypeError: rows\[0\] is no \{ name, values \}/],
    [
      () => meanDots([{ name: 'one', values: [99.2] }]),
      /RangeError: rows\[0\]\.values\[0\] is 99\.2; expected a share from 0 to 1/,
    ],
    [() => meanDots(rows, { valueTitle: null as never }), /TypeError: a title or name .* is null/],
    [() => meanDots(rows, { references: 1 } as never), /meanDots has no option references/],
    [
      () => meanDots(rows, { reference: { name: 'it', value: NaN } }),
      /reference\.value is NaN; expected a share/,
    ],
    [() => meanDots(rows, { reference: {} as never }), /reference\.name is undefined; expected a/],
  ] as const) {
    assert.throws(draw, message);
  }
});
