import assert from 'node:assert/strict';
import { medianOf, momentsOf, recipes, secondsTo } from '../../bench/clock';

const curve = [
  { step: 10, seconds: 0.5, accuracy: 0.97 },
  { step: 20, seconds: 1, accuracy: 0.991 },
  { step: 30, seconds: 1.5, accuracy: 0.989 },
];

it('secondsTo(curve, target) is the first moment at or above the target', () => {
  assert.equal(secondsTo(curve, 0.97), 0.5);
  assert.equal(secondsTo(curve, 0.98), 1);
  assert.equal(secondsTo(curve, 0.995), null);
});

it('medianOf(values) takes what was not reached for the largest', () => {
  assert.equal(medianOf([3, 1, null, 2, 4]), 3);
  assert.equal(medianOf([3, null, null]), null);
  assert.equal(medianOf([2]), 2);
});

it('momentsOf(recipe, count) are multiples of ten and the last step, in order', () => {
  const recipe = recipes.sprint;
  assert.deepEqual(momentsOf(recipe, 54_000), [60, 120, 180, 240, 300, 360, 422]);
  assert.deepEqual(momentsOf({ ...recipe, momentsPerEpoch: 1 }, 54_000), [422]);
  assert.deepEqual(momentsOf(recipe, 300), [3]);
});

it('the recipes of the clock have moments, and what all contenders can do', () => {
  for (const [name, recipe] of Object.entries(recipes)) {
    assert.ok(momentsOf(recipe, 54_000).length === recipe.momentsPerEpoch, name);
    const known = ['rotation', 'shift', 'zoom'];
    assert.ok(Object.keys(recipe.augmentation ?? {}).every((range) => known.includes(range)));
  }
});
