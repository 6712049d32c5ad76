import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EarlyStopping, ReduceLearningRateOnPlateau } from '../../lib/training/callbacks';
import { CheckpointError } from '../../lib/training/checkpoint';
import type { DigitSet } from '../../lib/data/digits';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { predict } from '../../lib/training/predict';
import { seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { train, type EpochResult, type TrainingProgress } from '../../lib/training/train';
import { DivergenceError } from '../../lib/training/epochMeans';

const tiny = { imageSize: 8, filters: [2], denseUnits: 4, classCount: 3 };
const tinyBaseline = { imageSize: 8, hiddenUnits: 8, classCount: 3 };

it('train(model, training, validation) learns what can be learned', async () => {
  const model = buildBaseline({ ...tinyBaseline, learningRate: 0.01 });
  const history = await train(model, stripes(300, 1), stripes(60, 2), {
    epochs: 10,
    batchSize: 16,
  });
  assert.equal(history.epochs.length, 10);
  assert.equal(history.interrupted, false);
  assert.deepEqual(
    history.epochs.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const [first, last] = [history.epochs[0], history.epochs[9]];
  assert.ok(last.validationAccuracy > 0.95, `validation accuracy ${last.validationAccuracy}`);
  assert.ok(last.loss < first.loss / 2, `loss ${first.loss} to ${last.loss}`);
  model.dispose();
});

it('train(model, ...) reports validation figures that scoring by hand gives', async () => {
  const model = buildBaseline(tinyBaseline);
  const validation = stripes(60, 2);
  const { epochs } = await train(model, stripes(100, 1), validation, { epochs: 2 });
  const probabilities = await predict(model, validation.images);
  const ofTruth = [...validation.labels].map((label, row) => probabilities[3 * row + label]);
  const loss = ofTruth.reduce((sum, probability) => sum - Math.log(probability), 0) / 60;
  assert.ok(Math.abs(epochs[1].validationLoss - loss) < 1e-6);
  const right = ofTruth.filter((probability, row) =>
    probabilities.subarray(3 * row, 3 * row + 3).every((other) => other <= probability),
  );
  assert.ok(Math.abs(epochs[1].validationAccuracy - right.length / 60) < 1e-6);
  model.dispose();
});

it('train(model, ...) with one seed gives the same weights to the bit, dropout included', async () => {
  const weights = [await trainedWeights(5), await trainedWeights(5)];
  assert.deepEqual(weights[0], weights[1]);
});

it('train(model, ...) with another seed gives other weights', async () => {
  assert.notDeepEqual(await trainedWeights(5), await trainedWeights(6));
});

it('train(model, ...) by tfjs draws another dropout mask at every step', async () => {
  const model = buildRegularizedCnn(tiny);
  const layer = model.getLayer('dropout_dense') as unknown as { seed?: number };
  const seeds: (number | undefined)[] = [];
  const onProgress = ({ done }: TrainingProgress) => void (done || seeds.push(layer.seed));
  const options = { epochs: 1, batchSize: 10, onProgress, fusedKernels: false };
  await train(model, stripes(40, 1), stripes(20, 2), options);
  assert.equal(seeds.length, 4);
  assert.equal(new Set(seeds).size, 4);
  assert.equal(layer.seed, undefined);
  model.dispose();
});

it('train(model, ...) keeps the number of tensors flat over epochs', async () => {
  const model = buildRegularizedCnn(tiny);
  const counts: number[] = [];
  const onProgress = (progress: TrainingProgress) => {
    if (progress.batch === 1) {
      counts.push(tf.memory().numTensors);
    }
  };
  await train(model, stripes(40, 1), stripes(20, 2), { epochs: 4, batchSize: 10, onProgress });
  const before = tf.memory().numTensors;
  await train(model, stripes(40, 1), stripes(20, 2), { epochs: 2, batchSize: 10 });
  assert.equal(tf.memory().numTensors, before);
  assert.equal(new Set(counts).size, 1, `tensors at each epoch's first batch: ${counts}`);
  model.dispose();
});

it('train(model, ...) reports every batch, the speed and the time left', async () => {
  const model = buildBaseline(tinyBaseline);
  const reports: TrainingProgress[] = [];
  const onProgress = (progress: TrainingProgress) => void reports.push(progress);
  await train(model, stripes(50, 1), stripes(20, 2), { epochs: 2, batchSize: 20, onProgress });
  // Three batches and one validation in each of two epochs.
  assert.deepEqual(
    reports.map(({ epoch, batch, finished }) => [epoch, batch, finished.length]),
    [
      [1, 1, 0],
      [1, 2, 0],
      [1, 3, 0],
      [1, 3, 1],
      [2, 1, 1],
      [2, 2, 1],
      [2, 3, 1],
      [2, 3, 2],
    ],
  );
  assert.ok(reports.every(({ imagesPerSecond }) => imagesPerSecond > 0));
  assert.ok(reports[0].secondsLeft > 0);
  assert.equal(reports[7].secondsLeft, 0);
  assert.deepEqual(
    reports.map(({ done }) => done),
    [false, false, false, false, false, false, false, true],
  );
  model.dispose();
});

it('train(model, ...) stopped in an epoch keeps the weights of the last finished one', async () => {
  const whole = buildRegularizedCnn(tiny);
  await train(whole, stripes(60, 1), stripes(20, 2), { epochs: 2, batchSize: 10 });
  const stopped = buildRegularizedCnn(tiny);
  const controller = new AbortController();
  const seen: TrainingProgress[] = [];
  const onProgress = (progress: TrainingProgress) => {
    seen.push(progress);
    if (progress.epoch === 3 && progress.batch === 4) {
      controller.abort();
    }
  };
  const history = await train(stopped, stripes(60, 1), stripes(20, 2), {
    epochs: 5,
    batchSize: 10,
    onProgress,
    signal: controller.signal,
  });
  assert.equal(history.interrupted, true);
  assert.equal(history.epochs.length, 2);
  const [end, beforeEnd] = [seen.at(-1), seen.at(-2)];
  assert.deepEqual([beforeEnd?.epoch, beforeEnd?.batch], [3, 4]);
  assert.equal(end?.done, true);
  assert.deepEqual(weightsOf(stopped), weightsOf(whole));
  whole.dispose();
  stopped.dispose();
});

it('train(model, ...) stopped before it began trains nothing', async () => {
  const model = buildBaseline(tinyBaseline);
  const before = weightsOf(model);
  const history = await train(model, stripes(20, 1), stripes(20, 2), {
    epochs: 1,
    signal: AbortSignal.abort(),
  });
  assert.deepEqual(history.epochs, []);
  assert.equal(history.interrupted, true);
  assert.deepEqual(weightsOf(model), before);
  model.dispose();
});

it('train(model, ...) stops on SIGINT and hands back to the program', async () => {
  const script = `
    require('ts-node/register/transpile-only');
    const { buildBaseline } = require('./lib/networks/baseline');
    const { train } = require('./lib/training/train');
    const digits = { images: new Float32Array(20 * 784), labels: new Uint8Array(20), count: 20 };
    const onProgress = ({ epoch, batch }) => epoch === 3 && batch === 1 && console.log('running');
    train(buildBaseline(), digits, digits, { epochs: 1e9, onProgress }).then((history) =>
      console.log('interrupted', history.interrupted, history.epochs.length >= 2));`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: path.resolve(__dirname, '..', '..'),
    timeout: 50_000,
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    if (String(data).includes('running')) {
      child.kill('SIGINT');
    }
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.match(output, /running\ninterrupted true true\n/);
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

it('train(model, ...) refuses images of another size, naming both', async () => {
  const model = buildBaseline({ imageSize: 28 });
  await assert.rejects(
    train(model, stripes(3, 1), stripes(3, 1), { epochs: 1 }),
    /RangeError: training images has 192 pixels; expected a positive multiple of 784.*28 x 28 x 1/,
  );
  model.dispose();
});

it('train(model, ...) refuses a number of labels that is not that of the images', async () => {
  const model = buildBaseline(tinyBaseline);
  const digits = stripes(20, 1);
  const short = { ...digits, labels: digits.labels.subarray(0, 19) };
  await assert.rejects(
    train(model, short, digits, { epochs: 1 }),
    /RangeError: training has 20 images and 19 labels/,
  );
  model.dispose();
});

it('train(model, ...) refuses labels that the model has no output for', async () => {
  const model = buildBaseline(tinyBaseline);
  const digits = stripes(20, 1);
  digits.labels[7] = 3;
  await assert.rejects(
    train(model, digits, stripes(20, 1), { epochs: 1 }),
    /RangeError: training labels\[7\] is 3; expected a whole number from 0 to 2/,
  );
  model.dispose();
});

it('train(model, ...) refuses epochs and batch sizes that are not whole numbers from 1', async () => {
  const model = buildBaseline(tinyBaseline);
  for (const options of [{ epochs: 0 }, { epochs: 1.5 }, { epochs: 1, batchSize: -1 }]) {
    await assert.rejects(
      train(model, stripes(3, 1), stripes(3, 1), options),
      /RangeError: (epochs|batchSize) is [-.\d]+; expected a whole number from 1/,
    );
  }
  model.dispose();
});

it('train(model, ...) with callbacks ends early, slows down and restores the best weights', async () => {
  // With labels at random there is nothing to learn, so validation soon gets worse.
  const noise = stripes(60, 1);
  noise.labels.set(stripes(60, 3).labels);
  const model = buildBaseline({ ...tinyBaseline, learningRate: 0.05 });
  const stopping = new EarlyStopping({ patience: 3, restoreBestWeights: true });
  const slowing = new ReduceLearningRateOnPlateau({ factor: 0.5, patience: 1 });
  const reports: TrainingProgress[] = [];
  const history = await train(model, noise, stripes(60, 2), {
    epochs: 100,
    callbacks: [stopping, slowing],
    onProgress: (progress) => void reports.push(progress),
  });
  const { epochs } = history;
  assert.ok(epochs.length < 100);
  assert.equal(history.interrupted, false);
  assert.deepEqual(
    reports.map(({ done }) => done),
    reports.map((_, index) => index === reports.length - 1),
  );
  const losses = epochs.map(({ validationLoss }) => validationLoss);
  const best = losses.indexOf(Math.min(...losses));
  assert.equal(stopping.bestEpoch, best + 1);
  assert.equal(epochs.length, best + 4);
  // Each of the three epochs after the best one halves the rate of the next.
  const rates = epochs.slice(best).map(({ learningRate }) => learningRate);
  assert.deepEqual(
    rates.map((rate) => rate / rates[0]),
    [1, 1, 0.5, 0.25],
  );
  assert.ok(Math.abs((await lossOn(model, stripes(60, 2))) - losses[best]) < 1e-6);
  model.dispose();
});

for (const fusedKernels of [true, false]) {
  const steps = fusedKernels ? 'one graph a step' : 'the steps of tfjs';
  it(`train(model, ...) by ${steps} goes on from a checkpoint as if never stopped`, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'training-test-'));
    const checkpointFile = path.join(folder, 'run.safetensors');
    const options = () => ({
      epochs: 6,
      batchSize: 10,
      fusedKernels,
      callbacks: [
        new EarlyStopping({ patience: 20, restoreBestWeights: true }),
        new ReduceLearningRateOnPlateau({ factor: 0.5, patience: 1, minDelta: 1 }),
      ],
    });
    const whole = buildRegularizedCnn(tiny);
    const expected = await train(whole, stripes(60, 1), stripes(20, 2), options());

    let resumed = buildRegularizedCnn(tiny);
    for (const stopIn of [1, 2, 4, Infinity]) {
      resumed.dispose();
      resumed = buildRegularizedCnn(tiny);
      const controller = new AbortController();
      const onProgress = ({ epoch, batch }: TrainingProgress) => {
        if (epoch === stopIn && batch === 3) controller.abort();
      };
      const { signal } = controller;
      const history = await train(resumed, stripes(60, 1), stripes(20, 2), {
        ...{ ...options(), checkpointFile, onProgress, signal },
      });
      assert.equal(history.interrupted, stopIn < Infinity);
      assert.equal(history.epochs.length, Math.min(6, stopIn - 1));
      if (stopIn === Infinity) {
        assertClose(history.epochs.map(scoresOf), expected.epochs.map(scoresOf), fusedKernels);
        assertClose(weightsOf(resumed), weightsOf(whole), fusedKernels);
        assert.ok(history.epochs[5].learningRate < history.epochs[0].learningRate);
      }
    }
    whole.dispose();
    resumed.dispose();
    await rm(folder, { recursive: true });
  });
}

it('train(model, ...) from the checkpoint of a finished run gives its result at once', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'training-test-'));
  const checkpointFile = path.join(folder, 'run.safetensors');
  const runs = [];
  for (let run = 0; run < 2; run++) {
    const model = buildRegularizedCnn(tiny);
    const callbacks = [new EarlyStopping({ minDelta: 10, patience: 2, restoreBestWeights: true })];
    const reports: TrainingProgress[] = [];
    const onProgress = (progress: TrainingProgress) => void reports.push(progress);
    const { epochs } = await train(model, stripes(60, 1), stripes(20, 2), {
      ...{ epochs: 9, batchSize: 10, callbacks, checkpointFile, onProgress },
    });
    runs.push({ scores: epochs.map(scoresOf), weights: weightsOf(model) });
    if (run === 1) assert.deepEqual([reports.length, reports[0].done], [1, true]);
    model.dispose();
  }
  assert.equal(runs[0].scores.length, 3);
  assert.deepEqual(runs[1], runs[0]);
  await rm(folder, { recursive: true });
});

it('train(model, ...) refuses the checkpoint of another run, and fewer epochs than it has', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'training-test-'));
  const options = { epochs: 2, batchSize: 10, checkpointFile: path.join(folder, 'run') };
  const model = buildBaseline(tinyBaseline);
  await train(model, stripes(20, 1), stripes(20, 2), options);
  await assert.rejects(
    train(model, stripes(20, 3), stripes(20, 2), { ...options, seed: 7 }),
    (error: Error) => {
      assert.ok(error instanceof CheckpointError);
      assert.match(error.message, /seed was 42 and is 7; training digits was "20 digits, \w+" and/);
      return true;
    },
  );
  await assert.rejects(
    train(model, stripes(20, 1), stripes(20, 2), { ...options, epochs: 1 }),
    /CheckpointError: epochs is 1, but .*run has 2 finished epochs; ask for as many or more/,
  );
  model.dispose();
  await rm(folder, { recursive: true });
});

/** All figures of an epoch but its time. */
function scoresOf(result: EpochResult): number[] {
  return Object.entries(result).flatMap(([name, value]) => (name === 'seconds' ? [] : [value]));
}

/** To the bit, or to the rounding of 32-bit numbers. */
function assertClose(values: number[][], expected: number[][], toTheBit: boolean): void {
  if (toTheBit) {
    assert.deepEqual(values, expected);
  }
  values.flat().forEach((value, index) => {
    assert.ok(Math.abs(value - expected.flat()[index]) < 1e-4, `${index}: ${value}`);
  });
}

async function lossOn(model: tf.LayersModel, { images, labels }: DigitSet): Promise<number> {
  const probabilities = await predict(model, images);
  const losses = Array.from(labels, (label, row) => -Math.log(probabilities[3 * row + label]));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

async function trainedWeights(seed: number): Promise<number[][]> {
  const model = buildRegularizedCnn({ ...tiny, seed });
  await train(model, stripes(60, 1), stripes(20, 2), { epochs: 2, batchSize: 10, seed });
  const weights = weightsOf(model);
  model.dispose();
  return weights;
}

function weightsOf(model: tf.LayersModel): number[][] {
  return model.getWeights().map((weight) => Array.from(weight.dataSync()));
}

/** Images of 8x8 noisy pixels with a bright row at the height that the label says. */
function stripes(count: number, seed: number): DigitSet {
  const random = seededRandom(seed, 'stripes');
  const labels = Uint8Array.from({ length: count }, () => Math.floor(3 * random()));
  const images = Float32Array.from({ length: count * 64 }, (_, pixel) => {
    const row = Math.floor((pixel % 64) / 8);
    const bright = row === 1 + 2 * labels[Math.floor(pixel / 64)];
    return (bright ? 0.5 : 0) + random() / 2;
  });
  return { images, labels, count };
}
