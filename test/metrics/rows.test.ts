import assert from 'node:assert/strict';
import { nearestRows, principalComponents } from '../../lib/metrics/rows';

it('nearestRows(rows, query) gives the nearest first, as many as are asked for', () => {
  const rows = Float32Array.from([0, 0, 3, 4, 1, 0]);
  assert.deepEqual(nearestRows(rows, [0, 0], { count: 2 }), [
    { index: 0, distance: 0 },
    { index: 2, distance: 1 },
  ]);
  assert.deepEqual(
    nearestRows(rows, [0, 0]).map(({ distance }) => distance),
    [0, 1, 5],
  );
});

it('principalComponents(rows) finds the directions in which the rows differ', () => {
  // Along (3, 4) by -10, 0 and 10, across it by -1, 2 and -1, with a mean of (7, 1).
  const rows = [-10, 0, 10].flatMap((along, at) => {
    const across = [-1, 2, -1][at];
    return [7 + 0.6 * along - 0.8 * across, 1 + 0.8 * along + 0.6 * across];
  });
  const { coordinates, shares } = principalComponents(rows, { columns: 2 });
  const expected = [
    [-10, 0, 10],
    [-1, 2, -1],
  ];
  coordinates.forEach((found, component) => {
    const sign = Math.sign(found[0] * expected[component][0]);
    found.forEach((value, row) => {
      assert.ok(Math.abs(sign * value - expected[component][row]) < 1e-9);
    });
  });
  assert.ok(Math.abs(shares[0] - 200 / 206) < 1e-12 && Math.abs(shares[1] - 6 / 206) < 1e-12);
});

it('principalComponents(rows) has no variance to share where all rows are alike', () => {
  const { coordinates, shares } = principalComponents([1, 2, 1, 2], { columns: 2, count: 1 });
  assert.deepEqual([coordinates, shares], [[[0, 0]], [0]]);
});

it('principalComponents(rows) finds a direction whatever it is', () => {
  const { shares } = principalComponents([1, -2, -1, 2], { columns: 2 });
  assert.ok(Math.abs(shares[0] - 1) < 1e-9 && shares[1] < 1e-9);
});

it('nearestRows and principalComponents refuse rows that are not whole, and bad counts', () => {
  assert.throws(() => nearestRows([1, 2, 3], [1, 2]), /rows has 3 numbers; expected a positive/);
  assert.throws(() => nearestRows([1, 2], []), /rows has 2 numbers; expected a positive/);
  assert.throws(() => nearestRows([1, 2], [1, 2], { count: 0 }), /count is 0; expected a whole/);
  assert.throws(() => principalComponents([], { columns: 2 }), /rows has 0 numbers/);
  assert.throws(() => principalComponents([1, 2], { columns: 2, count: 3 }), /count is 3/);
  assert.throws(() => principalComponents([1, 2], {} as never), /the options has no columns/);
  assert.throws(() => nearestRows([NaN, 0], [0, 1]), /rows\[0\] is NaN; expected a finite number/);
  assert.throws(() => nearestRows([1, 0], [0, NaN]), /query\[1\] is NaN/);
  assert.throws(
    () => principalComponents(['a', 1] as never, { columns: 1, count: 1 }),
    /rows\[0\] is "a"/,
  );
});
