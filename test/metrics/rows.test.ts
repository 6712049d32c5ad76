import assert from 'node:assert/strict';
import { nearestRows } from '../../lib/metrics/rows';

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

it('nearestRows(rows, query) refuses rows that are not whole, and bad counts', () => {
  assert.throws(() => nearestRows([1, 2, 3], [1, 2]), /rows has 3 numbers; expected a positive/);
  assert.throws(() => nearestRows([1, 2], []), /rows has 2 numbers; expected a positive/);
  assert.throws(() => nearestRows([1, 2], [1, 2], { count: 0 }), /count is 0; expected a whole/);
  assert.throws(() => nearestRows([NaN, 0], [0, 1]), /rows\[0\] is NaN; expected a finite number/);
  assert.throws(() => nearestRows([1, 0], [0, NaN]), /query\[1\] is NaN/);
  assert.throws(() => nearestRows(['a', 1] as never, [1]), /rows\[0\] is "a"/);
});
