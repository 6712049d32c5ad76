import { tf } from '../platform/tensorflow';
import { LayerStack, type NetworkOptions } from './layerStack';

/** Sizes of the baseline. */
export interface BaselineOptions extends NetworkOptions {
  /** Units of the hidden dense layer. @default 128 */
  readonly hiddenUnits?: number;
}

/**
 * Builds the baseline: the pixels as one row, a hidden layer, a softmax.
 *
 * Flatten, Dense 128 relu, Dense 10 softmax: 101,770 parameters at the default sizes.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildBaseline(options: BaselineOptions = {}): tf.Sequential {
  const { imageSize = 28, hiddenUnits = 128 } = options;
  const layers = new LayerStack('baseline', options);
  layers.add(tf.layers.flatten({ name: 'flatten', inputShape: [imageSize, imageSize, 1] }));
  layers.addDense('dense', hiddenUnits);
  return layers.compile();
}
