import assert from 'node:assert/strict';
import { compareDots } from '../../lib/report/figures';
import { assertReadable, markupName, sixtyLetters } from '../fixtures';

const columns = ['baseline', 'residual'];
const rows = [
  { name: 'MNIST', values: [0.97, 0.997] },
  { name: 'pictures', values: [0.7, null] },
  { name: 'not there', values: [NaN, NaN] },
];

it('compareDots(rows, { columns }) has a dot for each column in every row, by its error', () => {
  const figure = compareDots(rows, { columns, title: 'Four tests', rowTitle: 'digits' });
  assert.deepEqual(
    figure.data.map(({ name, x, y }) => [name, x, y]),
    [
      ['baseline', [3, 30, null], [0, 1, 2]],
      ['residual', [0.3, null, null], [0, 1, 2]],
    ],
  );
  const [left, right] = figure.layout.xaxis?.range as number[];
  assert.ok(left > Math.log10(30) && right < Math.log10(0.3), 'the best is to the right');
  assert.deepEqual(figure.layout.yaxis?.range, [2.5, -0.5]);
  assert.match(
    figure.description,
    /MNIST: baseline 97\.00 %, residual 99\.70 %; pictures: baseline 70\.00 %; not there: no values\./,
  );
  assertReadable(figure);
});

it('compareDots(rows) draws right guesses only, and names letter by letter', () => {
  const names = [markupName, ...Array.from({ length: 30 }, (_, row) => `${sixtyLetters} ${row}`)];
  const figure = compareDots(
    names.map((name) => ({ name, values: [1] })),
    { columns: [markupName], rowTitle: markupName, valueTitle: markupName },
  );
  assert.doesNotMatch(JSON.stringify([figure.data, figure.layout]), /<b>zero|<a |\$x|%\{y\}/);
  assert.ok((figure.data[0].x as number[]).every((place) => place > 0));
  assertReadable(figure);
});

it('compareDots(rows) refuses what it cannot draw, by its name', () => {
  const nine = Array.from({ length: 9 }, (_, index) => `${index}`);
  for (const [draw, message] of [
    [() => compareDots(null as never, { columns }), /TypeError: rows is null; expected an array/],
    [() => compareDots([], { columns }), /RangeError: rows has 0 entries; expected 1 to 100/],
    [() => compareDots(rows, {} as never), /TypeError: options has no columns/],
    [() => compareDots(rows, { columns: [] }), /columns has 0 names; expected 1 to 8/],
    [() => compareDots(rows, { columns: nine }), /columns has 9 names; expected 1 to 8/],
    [() => compareDots(rows, { columns: [1, 2] as never }), /columns is 1,2; expected an array/],
    [() => compareDots(rows, { columns: ['a'] }), /rows\[0\] has 2 values; expected 1/],
    [() => compareDots(rows, { columns, color: 1 } as never), /compareDots has no option color/],
    [
      () => compareDots([{ name: 'one', values: [97, 99] }], { columns }),
      /rows\[0\]\.values\[0\] is 97; expected a share from 0 to 1/,
    ],
  ] as const) {
    assert.throws(draw, message);
  }
});
