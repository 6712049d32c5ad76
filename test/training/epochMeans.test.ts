import assert from 'node:assert/strict';
import { buildBaseline } from '../../lib/networks/baseline';
import { DivergenceError, EpochMeans } from '../../lib/training/epochMeans';
import { train } from '../../lib/training/train';
import { stripes, tinyBaseline, weightsOf } from './stripes';

it('EpochMeans weights each batch by its images', () => {
  const model = buildBaseline(tinyBaseline);
  const epoch = new EpochMeans(model);
  assert.deepEqual(epoch.means, { loss: 0, accuracy: 0 });
  epoch.add({ loss: 1, accuracy: 0.5 }, 6, 'epoch 1, batch 1 of 2');
  epoch.add({ loss: 2, accuracy: 1 }, 2, 'epoch 1, batch 2 of 2');
  assert.deepEqual(epoch.means, { loss: 1.25, accuracy: 0.625 });
  model.dispose();
});

it('train(model, ...) stops with a clear error when the loss is NaN, weights restored', async () => {
  const model = buildBaseline({ ...tinyBaseline, learningRate: 1e38 });
  const before = weightsOf(model);
  const options = { epochs: 1, batchSize: 5 };
  await assert.rejects(train(model, stripes(20, 1), stripes(20, 2), options), (error: Error) => {
    assert.ok(error instanceof DivergenceError);
    assert.match(
      error.message,
      /baseline diverged at epoch 1, batch [23] of 4: the loss is NaN.*lower learningRate/,
    );
    return true;
  });
  assert.deepEqual(weightsOf(model), before);
  model.dispose();
});

it('train(model, ...) stops with a clear error when the loss explodes', async () => {
  const model = buildBaseline({ ...tinyBaseline, learningRate: 1e4 });
  await assert.rejects(
    train(model, stripes(300, 1), stripes(20, 2), { epochs: 5, batchSize: 10 }),
    (error: Error) => {
      assert.ok(error instanceof DivergenceError, String(error));
      assert.match(error.message, /guessing would give 1\.10/);
      return true;
    },
  );
  model.dispose();
});
