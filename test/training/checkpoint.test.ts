import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EarlyStopping } from '../../lib/training/callbacks';
import {
  Checkpoint,
  CheckpointError,
  digitsDigest,
  networkDigest,
} from '../../lib/training/checkpoint';
import { learningRateOf, setLearningRate } from '../../lib/training/learningRate';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import { tf } from '../../lib/platform/tensorflow';
import { drawnSet } from '../fixtures';

const settings = { batchSize: 6, seed: 1 };

describe('checkpoint', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'checkpoint-test-'));
    file = path.join(folder, 'checkpoint.safetensors');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('restore() brings weights, optimizer, rate, callbacks and run to where save(run) was', async () => {
    const model = await trainedModel();
    const stopping = new EarlyStopping({ patience: 3, restoreBestWeights: true });
    stopping.setModel(model);
    await stopping.onTrainBegin();
    await stopping.onEpochEnd(0, { val_loss: 0.5 });
    await stopping.onEpochEnd(1, { val_loss: 0.6 });
    setLearningRate(model.optimizer, 0.00025);
    await new Checkpoint(file, model, [stopping], settings).save({ epochs: [1, 2] });

    const other = buildBaseline({ hiddenUnits: 3, seed: 9 });
    const resumed = new EarlyStopping({ patience: 3, restoreBestWeights: true });
    resumed.setModel(other);
    await resumed.onTrainBegin();
    const run = await new Checkpoint(file, other, [resumed], settings).restore();
    assert.deepEqual(run, { epochs: [1, 2] });
    assert.deepEqual(await stateOf(other), await stateOf(model));
    assert.equal(learningRateOf(other.optimizer), 0.00025);
    assert.deepEqual(resumed.getState(), stopping.getState());
    model.dispose();
    other.dispose();
  });

  it('save(run) and restore() keep the number of tensors', async () => {
    const model = await trainedModel();
    const checkpoint = new Checkpoint(file, model, [], settings);
    await checkpoint.save({});
    await checkpoint.restore();
    const before = tf.memory().numTensors;
    await checkpoint.save({});
    await checkpoint.restore();
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  });

  it('restore() gives nothing where there is no file, and makes none', async () => {
    const model = buildBaseline({ hiddenUnits: 3 });
    assert.equal(await new Checkpoint(file, model, [], settings).restore(), undefined);
    assert.equal(existsSync(file), false);
    model.dispose();
  });

  it('restore() says which settings differ, and leaves model and file as they were', async () => {
    const model = await trainedModel();
    await new Checkpoint(file, model, [], settings).save({});
    const bytes = await readFile(file);
    const other = buildBaseline({ hiddenUnits: 3, seed: 9 });
    const before = await stateOf(other);
    const changed = { batchSize: 12, seed: 1, replicas: 2 };
    await assert.rejects(new Checkpoint(file, other, [], changed).restore(), (error: Error) => {
      assert.ok(error instanceof CheckpointError);
      assert.match(
        error.message,
        /other settings: batchSize was 6 and is 12; replicas was undefined and is 2\. Give/,
      );
      return true;
    });
    assert.deepEqual(await stateOf(other), before);
    assert.deepEqual(await readFile(file), bytes);
    model.dispose();
    other.dispose();
  });

  it('restore() names a damaged file', async () => {
    const model = await trainedModel();
    const checkpoint = new Checkpoint(file, model, [], settings);
    await checkpoint.save({});
    const bytes = await readFile(file);
    bytes[bytes.length - 10] ^= 4;
    await writeFile(file, bytes);
    await assert.rejects(checkpoint.restore(), /checkpoint\.safetensors is damaged: expected SHA/);
    model.dispose();
  });

  it('networkDigest(model) tells networks apart by layers, options and seeds, not by names', () => {
    const digests = [
      buildSimpleCnn({ filters: [2], seed: 1 }),
      buildSimpleCnn({ filters: [3], seed: 1 }),
      buildSimpleCnn({ filters: [2], seed: 2 }),
    ].map(networkDigest);
    assert.equal(new Set(digests).size, 3);
    const named = ['a', 'b'].map((name) =>
      tf.sequential({ layers: [tf.layers.dense({ name, units: 1, inputShape: [2] })] }),
    );
    assert.equal(networkDigest(named[0]), networkDigest(named[1]));
  });

  it('digitsDigest(digits) changes with a pixel, a label and their number', () => {
    const [digits, pixel, label] = [drawnSet(), drawnSet(), drawnSet()];
    pixel.images[100] += 0.01;
    label.labels[0] = 9;
    const digests = [digits, pixel, label, drawnSet(2)].map(digitsDigest);
    assert.equal(new Set(digests).size, 4);
    assert.equal(digitsDigest(drawnSet()), digests[0]);
  });
});

/** A tiny network after three steps, so that its optimizer has moments. */
async function trainedModel(): Promise<tf.Sequential> {
  const model = buildBaseline({ hiddenUnits: 3, seed: 2 });
  const { images, labels, count } = drawnSet();
  const tensors = [tf.tensor(images, [count, 28, 28, 1]), tf.tensor1d(Float32Array.from(labels))];
  await model.fit(tensors[0], tensors[1], { batchSize: 2, verbose: 0 });
  tf.dispose(tensors);
  return model;
}

/** The values of a model's weights and of its optimizer's state. */
async function stateOf(model: tf.LayersModel): Promise<number[][]> {
  const state = await model.optimizer.getWeights();
  return [...model.getWeights(), ...state.map(({ tensor }) => tensor)].map((tensor) =>
    Array.from(tensor.dataSync()),
  );
}
