import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DigitSet } from '../../lib/data/digits';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { tf } from '../../lib/platform/tensorflow';
import { EarlyStopping, ReduceLearningRateOnPlateau } from '../../lib/training/callbacks';
import { CheckpointError } from '../../lib/training/checkpoint';
import { predict } from '../../lib/training/predict';
import { train, type EpochResult, type TrainingProgress } from '../../lib/training/train';
import { stripes, tiny, tinyBaseline, weightsOf } from './stripes';

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

const everyOption = {
  augmentation: { rotation: 10, shift: 0.1, zoom: 0.1, shear: 5 },
  schedule: { kind: 'one-cycle' },
  weightDecay: 0.01,
  labelSmoothing: 0.1,
  averageDecay: 0.9,
} as const;
const kindsOfSteps = [
  ['one graph a step', true, {}],
  ['one graph a step with every option of the engine', true, everyOption],
  ['the steps of tfjs', false, {}],
] as const;

for (const [steps, fusedKernels, engineOptions] of kindsOfSteps) {
  it(`train(model, ...) by ${steps} goes on from a checkpoint as if never stopped`, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'training-test-'));
    const checkpointFile = path.join(folder, 'run.safetensors');
    const options = () => ({
      epochs: 6,
      batchSize: 10,
      fusedKernels,
      ...engineOptions,
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

it('train(model, ..., options of the engine) changes the steps, and the history has the rates', async () => {
  const losses: number[] = [];
  for (const [name, value] of [['weightDecay', 0], ...Object.entries(everyOption)]) {
    const model = buildRegularizedCnn(tiny);
    const options = { epochs: 3, batchSize: 10, [name as string]: value };
    const { epochs } = await train(model, stripes(60, 1), stripes(20, 2), options);
    losses.push(epochs[2].validationLoss);
    const rates = epochs.map(({ learningRate }) => learningRate);
    if (name === 'schedule') assert.ok(rates[0] > rates[1] && rates[1] > rates[2], `${rates}`);
    else assert.deepEqual(rates, [0.001, 0.001, 0.001]);
    model.dispose();
  }
  assert.equal(new Set(losses).size, losses.length, losses.join());
});

it('train(model, ..., options of the engine) refuses what they cannot be, and models not covered', async () => {
  const model = buildRegularizedCnn(tiny);
  const before = weightsOf(model);
  const attempt = (options: object) =>
    train(model, stripes(20, 1), stripes(20, 2), { epochs: 1, ...options });
  for (const [options, message] of [
    [{ augmentation: { rotation: 200 } }, /augmentation\.rotation is 200; expected .* 0 to 180/],
    [{ augmentation: { flip: 1 } }, /augmentation has a range flip; expected rotation/],
    [{ labelSmoothing: 1 }, /labelSmoothing is 1; expected a number from 0 to below 1/],
    [{ averageDecay: NaN }, /averageDecay is NaN/],
    [{ weightDecay: -1 }, /weightDecay is -1; expected a number from 0/],
    [{ schedule: { kind: 'steps' } }, /schedule\.kind is steps; expected constant, cosine/],
    [{ schedule: { kind: 'cosine', warmUpSteps: 9 } }, /warmUpSteps is 9; expected .* 0 to 1/],
    [{ fusedKernels: false, weightDecay: 0.1 }, /fusedKernels is false, but weightDecay needs/],
  ] as const) {
    await assert.rejects(attempt(options), { name: 'RangeError', message });
  }
  model.compile({
    optimizer: 'adamax',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  await assert.rejects(
    attempt({ schedule: { kind: 'cosine' }, averageDecay: 0.9 }),
    /averageDecay, schedule need the engine, but model .* by tfjs: its optimizer is Adamax\. Leave/,
  );
  assert.deepEqual(weightsOf(model), before);
  model.dispose();
});
