import type { tf } from '../platform/tensorflow';
import { drawSeed, seededRandom } from '../platform/random';
import { digitsFor, type LabelledImages } from './arrays';
import { requireTrainable } from './compilation';
import { StockTraining } from './stockTraining';

/** How large the gradient of a layer is. */
export interface GradientNorm {
  /** Name of the layer. */
  readonly layer: string;
  /** Root of the sum of squares over all trained weights of the layer. */
  readonly norm: number;
}

/**
 * Measures, layer by layer, the gradient that a step on some images would follow: that of the mean loss,
 * in training (batch normalization by the batch, dropout drawn), by tfjs itself. The model stays as it
 * is.
 *
 * @param model - Takes images, gives class probabilities; compiled as for `train`.
 * @param images - One batch of images with labels, in any arrays that `train` takes.
 * @param options.seed - Seed of the dropout. @default 42
 * @returns The layers that have weights to train, from the images on.
 * @throws RangeError when images, pixels or labels do not fit.
 * @throws Error when the model is not compiled, not built for classes or disposed.
 */
export function gradientNorms(
  model: tf.LayersModel,
  images: LabelledImages,
  { seed = 42 }: { readonly seed?: number } = {},
): GradientNorm[] {
  requireTrainable(model);
  const batch = digitsFor(model, images, 'gradient');
  const random = seededRandom(seed, 'dropout');
  const training = new StockTraining(model);
  const gradients = training.gradients(batch, () => drawSeed(random));
  training.dispose();
  return model.layers.flatMap(({ name, trainableWeights }) => {
    const own = (trainableWeights as unknown as tf.LayerVariable[]).flatMap(
      (weight) => gradients.get(weight) ?? [],
    );
    if (own.length === 0) return [];
    const squares = own.map((values) => values.reduce((sum, value) => sum + value ** 2, 0));
    return [{ layer: name, norm: Math.sqrt(squares.reduce((sum, part) => sum + part, 0)) }];
  });
}
