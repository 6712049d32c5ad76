/**
 * The contenders on tfjs-node: `contender.ts KIND REPLICAS FOLDER [PRECISION]`, where KIND is ours,
 * augmented or stock.
 *
 * Answers each line of stdin, `train NETWORK COUNT`, `infer NETWORK COUNT`, `one NETWORK COUNT` or
 * `clock JSON`, by a line of JSON.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  buildFastCnn,
  describeRuntime,
  digitAugmentation,
  predict,
  tf,
  train,
} from 'digit-recognizer';
import { GraphTraining } from 'digit-recognizer/engine';
import type { ClockAnswer, ClockMoment, ClockWork } from './clock';
import { networks, type NetworkName } from './networks';

/** Seconds that an epoch takes, or an inference over some images, or one image; its 99th percentile. */
interface Answer {
  readonly seconds: number;
  readonly slow?: number;
}

type Measure = (model: tf.Sequential, count: number) => Promise<Answer>;

const [kind, replicas, folder, given] = process.argv.slice(2);
const precision: 'float32' | 'bfloat16' = given === 'bfloat16' ? given : 'float32';
const trainImages = readFloats('train-images');
const trainLabels = new Uint8Array(readFileSync(path.join(folder, 'train-labels')));
const testImages = readFloats('test-images');
const testLabels = new Uint8Array(readFileSync(path.join(folder, 'test-labels')));

/** The library's `train`: the second epoch, its weights' way back to tfjs and 10 digits scored. */
async function trainOurs(model: tf.Sequential, count: number): Promise<Answer> {
  const options = {
    ...{ epochs: 2, replicas: Number(replicas), precision },
    ...(kind === 'augmented' && { augmentation: digitAugmentation }),
  };
  const { epochs } = await train(model, digits(count), digits(10), options);
  return { seconds: epochs[1].seconds };
}

async function inferOurs(model: tf.Sequential, count: number): Promise<Answer> {
  const images = testImages.subarray(0, count * 784);
  return secondsOfSecond(() => predict(model, images, { precision }));
}

/** `model.fit` as tfjs documents it. */
async function trainStock(model: tf.Sequential, count: number): Promise<Answer> {
  const { images, labels } = digits(count);
  const tensors = [tf.tensor(images, [count, 28, 28, 1]), tf.tensor1d(Float32Array.from(labels))];
  let [start, end] = [0, 0];
  const onEpochBegin = () => void (start = performance.now());
  const onEpochEnd = () => void (end = performance.now());
  const callbacks = { onEpochBegin, onEpochEnd };
  await model.fit(tensors[0], tensors[1], { batchSize: 128, epochs: 2, verbose: 0, callbacks });
  tf.dispose(tensors);
  return { seconds: (end - start) / 1000 };
}

async function inferStock(model: tf.Sequential, count: number): Promise<Answer> {
  const images = tf.tensor(testImages.subarray(0, count * 784), [count, 28, 28, 1]);
  const answer = await secondsOfSecond(() => probabilitiesOf(model, images));
  images.dispose();
  return answer;
}

async function probabilitiesOf(model: tf.Sequential, images: tf.Tensor): Promise<void> {
  const probabilities = model.predict(images, { batchSize: 1000 }) as tf.Tensor;
  await probabilities.data();
  probabilities.dispose();
}

async function readOneOurs(model: tf.Sequential, count: number): Promise<Answer> {
  return oneByOne(count, (image) => predict(model, image, { precision }));
}

async function readOneStock(model: tf.Sequential, count: number): Promise<Answer> {
  return oneByOne(count, async (image) => {
    const images = tf.tensor(image, [1, 28, 28, 1]);
    await probabilitiesOf(model, images);
    images.dispose();
  });
}

/** Reads so many images alone, after one that does not count: what is made once is made in it. */
async function oneByOne(
  count: number,
  read: (image: Float32Array) => Promise<unknown>,
): Promise<Answer> {
  const seconds: number[] = [];
  for (let index = -1; index < count; index++) {
    const first = Math.max(index, 0) * 784;
    const start = performance.now();
    await read(testImages.subarray(first, first + 784));
    if (index >= 0) seconds.push((performance.now() - start) / 1000);
  }
  seconds.sort((a, b) => a - b);
  return { seconds: seconds[count >> 1], slow: seconds[Math.floor(0.99 * (count - 1))] };
}

/** A training on the engine that `train` stands on, with the test digits scored at the moments. */
async function runClock(work: ClockWork): Promise<ClockAnswer> {
  const { filters, denseUnits, labelSmoothing, augmentation } = work;
  const { batchSize, count, epochs, learningRate, moments, seed } = work;
  const stepsPerEpoch = Math.ceil(count / batchSize);
  const model = buildFastCnn({ filters, denseUnits, learningRate, seed });
  const start = performance.now();
  const training = await GraphTraining.compile(model, {
    data: digits(count),
    precision,
    schedule: { kind: 'one-cycle', steps: epochs * stepsPerEpoch },
    labelSmoothing,
    ...(augmentation && { augmentation }),
  });
  if (training === undefined) throw new Error('the engine does not cover the network');
  const preparation = secondsSince(start);
  let draws = seed * 1e6;
  const drawSeed = () => (draws += 1);
  let order = new Uint32Array();
  const test = { images: testImages, labels: testLabels, count: testLabels.length };
  const curve: ClockMoment[] = [];
  let seconds = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    let step = 0;
    for (const moment of moments) {
      const start = performance.now();
      if (step === 0) order = shuffled(count, drawSeed());
      for (; step < moment; step++) {
        training.stepsOn([order.subarray(step * batchSize, (step + 1) * batchSize)], drawSeed);
      }
      seconds += secondsSince(start);
      const { accuracy } = training.score(test);
      curve.push({ step: epoch * stepsPerEpoch + step, seconds, accuracy });
    }
  }
  training.dispose();
  model.dispose();
  return { preparation, curve };
}

/** The places of so many images in random order. */
function shuffled(count: number, seed: number): Uint32Array {
  const keys = tf.tidy(() => tf.randomUniform([count], 0, 1, 'float32', seed).dataSync());
  return Uint32Array.from(keys, (_, index) => index).sort((a, b) => keys[a] - keys[b]);
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

function digits(count: number) {
  const images = trainImages.subarray(0, count * 784);
  return { images, labels: trainLabels.subarray(0, count), count };
}

function readFloats(name: string): Float32Array {
  const { buffer, byteOffset, length } = readFileSync(path.join(folder, name));
  return new Float32Array(buffer, byteOffset, length / 4);
}

async function secondsOfSecond(work: () => Promise<unknown>): Promise<Answer> {
  await work();
  const start = performance.now();
  await work();
  return { seconds: (performance.now() - start) / 1000 };
}

async function serve(): Promise<void> {
  const measures: Record<string, Measure> =
    kind !== 'stock'
      ? { train: trainOurs, infer: inferOurs, one: readOneOurs }
      : { train: trainStock, infer: inferStock, one: readOneStock };
  const models = new Map<NetworkName, tf.Sequential>();
  const { tensorflow, tfjs, node } = describeRuntime();
  console.log(JSON.stringify({ node, tfjs, 'tensorflow of tfjs': tensorflow }));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.startsWith('clock ')) {
      console.log(JSON.stringify(await runClock(JSON.parse(line.slice('clock '.length)))));
      continue;
    }
    const [task, name, count] = line.split(' ') as [string, NetworkName, string];
    const model = models.get(name) ?? networks[name]();
    models.set(name, model);
    console.log(JSON.stringify(await measures[task](model, Number(count))));
  }
}

void serve();
