import { tf } from '../platform/tensorflow';
import { LayerStack, type NetworkOptions } from './layerStack';

/** Sizes of the tiny network. */
export interface TinyCnnOptions extends NetworkOptions {
  /** Filters of the convolutions of each block. @default [[16, 16], [24, 24], [32]] */
  readonly filters?: readonly (readonly number[])[];
}

/**
 * Builds the tiny network, for a page or a small machine: convolutions and nothing dense but the
 * output.
 *
 * Per block Conv 3x3 (padded, no bias), BatchNorm and relu for each number of filters, with MaxPool
 * 2x2 between the blocks; then the mean of each filter, Dense 10 softmax: 18,778 parameters at the
 * default sizes, 224 of them moving averages that no gradient trains.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildTinyCnn(options: TinyCnnOptions = {}): tf.Sequential {
  const { filters = [[16, 16], [24, 24], [32]] } = options;
  const layers = new LayerStack('tiny_cnn', options);
  filters.forEach((counts, index) => {
    if (index > 0) layers.addPooling(index);
    counts.forEach((count, place) => {
      layers.addNormalizedConvolution(`${index + 1}_${place + 1}`, count);
    });
  });
  layers.add(tf.layers.globalAveragePooling2d({ name: 'means' }));
  return layers.compile();
}
