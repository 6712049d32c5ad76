import assert from 'node:assert/strict';
import { meanInterval } from '../../lib/metrics/meanInterval';
import cases from '../fixtures/mean_interval.json';

for (const { values, confidence, expected } of cases) {
  it(`meanInterval of ${values.length} values at ${confidence} equals scipy's`, () => {
    const found = meanInterval(values, { confidence });
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const name of ['mean', 'low', 'high', 'standardDeviation'] as const) {
      assert.ok(
        Math.abs(found[name] - expected[name]) < 1e-12,
        `${name} is ${found[name]}, scipy's ${expected[name]}`,
      );
    }
  });
}

it('meanInterval([1, 2, 3]) is that of the tables, at 95 % by default', () => {
  const { mean, low, high, standardDeviation } = meanInterval([1, 2, 3]);
  assert.deepEqual([mean, standardDeviation], [2, 1]);
  // The tables give 4.303 for two degrees of freedom.
  assert.ok(Math.abs((high - mean) * Math.sqrt(3) - 4.303) < 5e-4);
  assert.ok(Math.abs(mean - low - (high - mean)) < 1e-12);
});

it('meanInterval(values) of equal values has no width, and takes typed arrays', () => {
  const found = meanInterval(Float32Array.from([0.5, 0.5]));
  assert.deepEqual(found, { mean: 0.5, low: 0.5, high: 0.5, standardDeviation: 0 });
});

it('meanInterval(values) nears the normal distribution with many values', () => {
  const values = Array.from({ length: 2001 }, (_, index) => (index % 2 === 0 ? 1 : -1));
  const { mean, high, standardDeviation } = meanInterval(values);
  const reach = ((high - mean) / standardDeviation) * Math.sqrt(2001);
  assert.ok(reach > 1.96 && reach < 1.9615);
});

it('meanInterval(values) refuses what has no interval', () => {
  const nothing = null as never;
  for (const [give, message] of [
    [() => meanInterval([]), /RangeError: values has 0 numbers; expected two or more/],
    [() => meanInterval([0.99]), /RangeError: values has 1 numbers; expected two or more/],
    [() => meanInterval([0.99, NaN]), /RangeError: values\[1\] is NaN; expected a finite number/],
    [() => meanInterval(nothing), /TypeError: values is null; expected an array/],
    [() => meanInterval([1, 2], { confidence: 1 }), /confidence is 1; expected a number between/],
    [() => meanInterval([1, 2], { confidence: 0 }), /confidence is 0; expected a number between/],
  ] as const) {
    assert.throws(give, message);
  }
});
