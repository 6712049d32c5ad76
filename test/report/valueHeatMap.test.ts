import assert from 'node:assert/strict';
import { valueHeatMap } from '../../lib/report/figures';
import { assertReadable, markupName, sixtyLetters } from '../fixtures';

const grid = {
  rows: { title: 'rotation (degrees)', names: ['0', '10'] },
  columns: { title: 'shift (share)', names: ['0', '0.1', '0.2'] },
  values: [
    [0.991, 0.9934, null],
    [0.9925, 0.99512, NaN],
  ],
};

it('valueHeatMap(grid) writes shares in per cent, and leaves missing cells blank', () => {
  const figure = valueHeatMap(grid, { title: 'Augmentations' });
  const [trace] = figure.data;
  assert.deepEqual(trace.z, [
    [99.1, 99.34, null],
    [99.25, 99.512, null],
  ]);
  assert.deepEqual(trace.text as unknown, [
    ['99.10', '99.34', ''],
    ['99.25', '99.51', ''],
  ]);
  assert.deepEqual([trace.zmin, trace.zmax], [99.1, 99.512]);
  assert.equal(
    (trace.hovertext as unknown as string[][])[1][1],
    'rotation (degrees) 10, shift (share) 0.1: accuracy 99.51 %',
  );
  assert.match(
    figure.description,
    /highest is 99\.51 % at rotation \(degrees\) 10, shift \(share\) 0\.1, the lowest 99\.10 %/,
  );
  assertReadable(figure);
});

it('valueHeatMap(grid) takes one value, equal values and none', () => {
  const one = { ...grid, rows: { title: 'rotation', names: ['0'] }, values: [[0.5, 0.5, null]] };
  const { zmin, zmax } = valueHeatMap(one).data[0];
  assert.deepEqual([zmin, zmax], [49.5, 50.5]);
  const none = valueHeatMap({ ...one, values: [[null, null, null]] }, { valueTitle: 'F1' });
  assert.match(none.description, /There are no values/);
  assertReadable(none);
});

it('valueHeatMap(grid) draws long names and markup letter by letter', () => {
  const names = [markupName, sixtyLetters, sixtyLetters];
  const figure = valueHeatMap(
    { ...grid, columns: { title: 'kind', names } },
    { title: markupName },
  );
  assert.doesNotMatch(JSON.stringify([figure.data, figure.layout]), /<b>zero|<a |\$x|%\{y\}/);
  assertReadable(figure);
});

it('valueHeatMap(grid) refuses what it cannot draw, by its name', () => {
  for (const [given, message] of [
    [null, /TypeError: grid is null; expected \{ rows, columns, values \}/],
    [{ ...grid, rows: undefined }, /TypeError: grid is \{.*expected/],
    [{ ...grid, columns: { title: 'shift', names: [0, 1, 2] } }, /TypeError: grid is/],
    [
      { ...grid, values: grid.values.slice(1) },
      /RangeError: values has 1 rows for 2 names of rows/,
    ],
    [{ ...grid, values: [[0.5], [0.5]] }, /RangeError: values\[0\] has 1 shares; expected 3/],
    [
      { ...grid, values: [[99.1, 0, 0], grid.values[1]] },
      /RangeError: values\[0\]\[0\] is 99\.1; expected a share from 0 to 1/,
    ],
  ] as const) {
    assert.throws(() => valueHeatMap(given as never), message);
  }
});
