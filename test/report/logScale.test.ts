import assert from 'node:assert/strict';
import { logScale } from '../../lib/report/logScale';

it('logScale(values) reaches a little beyond the values, with round numbers between', () => {
  const { low, high, ticks } = logScale([0.5, 28], 8);
  assert.ok(low < 0.5 && low > 0.35 && high > 28 && high < 40);
  assert.deepEqual(ticks, [0.5, 1, 2, 5, 10, 20]);
});

it('logScale(values) has three to eight ticks, whatever the range', () => {
  for (const values of [
    [1, 1.0001],
    [0.31, 0.33],
    [2.1, 2.4],
    [0.06, 0.32],
    [0.7, 6],
    [1e-6, 5],
    [1e-30, 1e6],
    [3],
    [70, 91],
    [77.8, 91],
    [],
  ]) {
    const { low, high, ticks } = logScale(values, 8);
    assert.ok(ticks.length >= 3 && ticks.length <= 8, `${values}: ${ticks}`);
    ticks.forEach((tick) => assert.ok(tick >= low && tick <= high));
    assert.equal(new Set(ticks).size, ticks.length);
  }
});

it('logScale(values) draws 0 at half the smallest value above it, with a tick', () => {
  const { low, ticks, place } = logScale([0, 0.4, 8], 8);
  assert.equal(place(0), 0.2);
  assert.equal(place(0.4), 0.4);
  assert.ok(low < 0.2);
  assert.deepEqual(ticks, [0, 0.5, 1, 2, 5]);
  assert.ok((logScale([0, 0], 8).place(0) as number) > 0);
});

it('logScale(values) leaves out what is missing, and takes very many', () => {
  const { low, high, place } = logScale([NaN, 1, Infinity, 10], 8);
  assert.ok(low > 0.5 && high < 20);
  assert.deepEqual([place(NaN), place(Infinity), place(-1)], [null, null, null]);
  assert.ok(
    logScale(
      Float64Array.from({ length: 300_000 }, (_, i) => i + 1),
      8,
    ).high > 3e5,
  );
});
