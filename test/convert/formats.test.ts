import assert from 'node:assert/strict';
import { compare } from '../../convert/formats';

const network = Float32Array.of(0.75, 0.25, 0.5, 0.5);

it('compare gives the largest difference and both accuracies', () => {
  const converted = Float32Array.of(0.5, 0.5, 0.25, 0.75);
  assert.deepEqual(compare(network, converted, [0, 1]), {
    largestDifference: 0.25,
    accuracy: { network: 0.5, converted: 1 },
  });
});

it('compare takes a NaN for as wrong as can be, and refuses another number of numbers', () => {
  const { largestDifference } = compare(network, Float32Array.of(0.75, NaN, 0.5, 0.5), [0, 1]);
  assert.equal(largestDifference, Infinity);
  assert.throws(() => compare(network, network.subarray(1), [0, 1]), /gives 3 numbers; expected 4/);
});
