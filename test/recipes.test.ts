import assert from 'node:assert/strict';
import { architectureNames } from '../lib/networks/architectures';
import { digitAugmentation, recipeOf } from '../lib/recipes';
import { requireAugmentation } from '../lib/engine/augmentation';
import { requireSchedule } from '../lib/engine/schedule';

it('recipeOf(name) is that of the sources for their networks, and for a builder', () => {
  const sources = { epochs: 15, batchSize: 128, learningRate: 0.001 };
  for (const name of ['baseline', 'simple-cnn', 'regularized-cnn', 'deeper-cnn'] as const) {
    assert.deepEqual(recipeOf(name), sources);
  }
  assert.deepEqual(
    recipeOf(() => undefined),
    sources,
  );
});

it('recipeOf(name) has epochs, rates and schedules that train takes', () => {
  for (const name of architectureNames) {
    const { epochs, batchSize, learningRate, schedule } = recipeOf(name);
    assert.ok(Number.isInteger(epochs) && epochs >= 1 && epochs <= 30, name);
    assert.ok(batchSize >= 1 && learningRate > 0 && learningRate < 0.1, name);
    if (schedule) requireSchedule({ ...schedule, steps: 100 });
  }
});

it('recipeOf(name) gives a copy, and refuses a name that it does not know', () => {
  const recipe = recipeOf('fast-cnn') as { epochs: number; schedule: { kind: string } };
  [recipe.epochs, recipe.schedule.kind] = [1000, 'constant'];
  assert.deepEqual(recipeOf('fast-cnn').schedule, { kind: 'one-cycle' });
  assert.ok(recipeOf('fast-cnn').epochs < 1000);
  assert.throws(
    () => recipeOf('fastest-cnn' as 'fast-cnn'),
    /RangeError: architecture is fastest-cnn; expected one of baseline, /,
  );
});

it('digitAugmentation is one that the engine takes, and gentle', () => {
  requireAugmentation(digitAugmentation);
  assert.ok((digitAugmentation.rotation ?? 0) <= 20);
});
