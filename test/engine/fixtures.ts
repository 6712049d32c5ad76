import assert from 'node:assert/strict';
import { GraphTraining } from '../../lib/engine';
import type { DigitSet } from '../../lib/data/digits';
import { drawSeed, seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import keras from '../fixtures/training.json';

const { layers } = tf;
const random = seededRandom(1, 'dropout');

/** Sizes of a network that trains in milliseconds. */
export const tiny = { imageSize: 12, filters: [2, 3], denseUnits: 4, classCount: 3 };

/** The same of the networks with dropout, which nothing else can follow. */
export const withoutDropout = { ...tiny, blockDropout: 0, denseDropout: 0 };

/** A source of dropout masks. */
export const seeds = () => drawSeed(random);

/** What the images of `stripes` are to a first layer. */
export const images = { inputShape: [12, 12, 1] };

export function softmaxLayer(): tf.layers.Layer {
  return layers.dense({ units: 3, activation: 'softmax' });
}

export function compiled(stack: tf.layers.Layer[], options: object = {}): tf.Sequential {
  const model = tf.sequential({ layers: stack });
  model.compile({
    optimizer: tf.train.adam(keras.learningRate, 0.9, 0.999, 1e-7),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    ...options,
  });
  return model;
}

export async function compile(model: tf.LayersModel, replicas = 1): Promise<GraphTraining> {
  const training = await GraphTraining.compile(model, { replicas });
  assert.ok(training, `${model.name} is covered`);
  return training;
}

/** What tfjs itself predicts for images of 12 x 12 pixels. */
export function stockPrediction(model: tf.LayersModel, images: Float32Array): Float32Array {
  const input = tf.tensor(images, [images.length / 144, 12, 12, 1]);
  const output = model.predict(input) as tf.Tensor;
  const probabilities = output.dataSync() as Float32Array;
  tf.dispose([input, output]);
  return probabilities;
}

export function dataOf(weight: tf.LayerVariable): number[] {
  return [...weight.read().dataSync()];
}

/** Compares by the largest expected value, as rounding errors go, or by `least` where all are 0. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  least = 0.02,
): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(...Array.from(expected, Math.abs), least);
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index] - expected[index]);
    assert.ok(
      difference <= tolerance * scale,
      `${what}, number ${index}: ${actual[index]}, expected ${expected[index]}`,
    );
  }
}

export function slice({ images, labels }: DigitSet, start: number, count: number): DigitSet {
  const pixels = images.length / labels.length;
  return {
    images: images.subarray(start * pixels, (start + count) * pixels),
    labels: labels.subarray(start, start + count),
    count,
  };
}

/** Square noisy images with a bright row at the height that the label says. */
export function stripes(count: number, seed: number, size = 12): DigitSet {
  const random = seededRandom(seed, 'stripes');
  const labels = Uint8Array.from({ length: count }, () => Math.floor(3 * random()));
  const images = Float32Array.from({ length: count * size * size }, (_, pixel) => {
    const row = Math.floor((pixel % (size * size)) / size);
    const bright = row === 1 + 2 * labels[Math.floor(pixel / (size * size))];
    return (bright ? 0.5 : 0) + random() / 2;
  });
  return { images, labels, count };
}
