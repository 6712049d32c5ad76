import { predictFused } from '../engine';
import { tf } from '../platform/tensorflow';
import { imageCount, imageShape, pixelsFor, type Pixels } from './arrays';
import { requireUsable } from './compilation';

/**
 * Asks a network for the probabilities of every class.
 *
 * @param model - A network from images to class probabilities.
 * @param images - Pixels from 0 (paper) to 1 (ink), or bytes from 0 to 255, of n images.
 * @returns n rows of probabilities, row-major.
 * @throws RangeError when there are none, when they are not a whole number of the model's images, or
 *   when a pixel is not in its range.
 * @throws Error when the model is disposed, or has several inputs or outputs.
 */
export async function predict(model: tf.LayersModel, images: Pixels): Promise<Float32Array> {
  requireUsable(model);
  const pixels = pixelsFor(model, images);
  try {
    const fused = predictFused(model, pixels);
    if (fused !== undefined) return fused;
  } catch {
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
