import type { DigitSet } from '../data/digits';
import { predictInGraph, type Precision } from '../engine';
import { tf } from '../platform/tensorflow';
import { imageCount, imageShape, pixelsFor, type Pixels } from './arrays';
import { mustShowProbabilities, requireUsable } from './compilation';

/** How to predict. */
export interface PredictionOptions {
  /** In how many bits to compute. @default float32 */
  readonly precision?: Precision;
}

/**
 * Asks a network for the probabilities of every class.
 *
 * @param model - A network from images to class probabilities.
 * @param images - Pixels from 0 (paper) to 1 (ink), or bytes from 0 to 255, of n images.
 * @param options.precision - `bfloat16` computes in 16 bits, which is faster on processors that have
 *   it and moves probabilities by a hundredth or two; a network that the engine does not cover, and
 *   another processor, keep 32 bits. @default float32
 * @returns n rows of probabilities, row-major.
 * @throws RangeError when there is no such precision, when there are none, when they are not a whole number of the model's images, or
 *   when a pixel is not in its range.
 * @throws Error when the model is disposed, or has several inputs or outputs.
 */
export async function predict(
  model: tf.LayersModel,
  images: Pixels,
  options: PredictionOptions = {},
): Promise<Float32Array> {
  requireUsable(model);
  const pixels = pixelsFor(model, images);
  try {
    const probabilities = predictInGraph(model, pixels, options);
    if (probabilities !== undefined) return probabilities;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    // Where no graph can be had, tfjs predicts; an error that is the model's own comes from it too.
  }
  const input = imageTensor(model, pixels);
  const output = model.predict(input, { batchSize: 1000 }) as tf.Tensor;
  input.dispose();
  const probabilities = (await output.data()) as Float32Array;
  output.dispose();
  return probabilities;
}

/**
 * Makes the tensor that a network takes from the pixels of one or more images.
 *
 * @param model - The network that will take them.
 * @param images - Pixels from 0 to 1, n images one after the other, row-major.
 * @returns A tensor [n, height, width, channels] that the caller disposes of.
 * @throws RangeError when the pixels are none, or not a whole number of the model's images.
 */
export function imageTensor(model: tf.LayersModel, images: Float32Array): tf.Tensor {
  return tf.tensor(images, [imageCount(model, images), ...imageShape(model)]);
}

/**
 * Refuses a network whose loss takes probabilities, and that gives none for the first image.
 *
 * @param model - Compiled, and of the digits' size.
 * @throws Error that says what it gives, and what to do.
 */
export async function requireProbabilities(
  model: tf.LayersModel,
  { images, count }: DigitSet,
): Promise<void> {
  if (!mustShowProbabilities(model)) return;
  const row = await predict(model, images.subarray(0, images.length / count));
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0)) return;
  throw new Error(
    `model ${model.name} gives for the first image [${[...row].map((it) => it.toPrecision(3)).join(', ')}], ` +
      'but its loss takes probabilities that add up to 1; expected a softmax at its end: add ' +
      'tf.layers.softmax()',
  );
}
