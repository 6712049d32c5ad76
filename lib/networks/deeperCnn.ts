import { tf } from '../platform/tensorflow';
import { LayerStack } from './layerStack';
import type { RegularizedCnnOptions } from './regularizedCnn';

/**
 * Builds the deeper convolutional network: two convolutions a block, regularized, with padding.
 *
 * Per block Conv 3x3 (padded to keep the size) relu, BatchNorm, Conv 3x3 (padded) relu, MaxPool 2x2,
 * Dropout 25 %; then Flatten, Dense 128 relu, BatchNorm, Dropout 50 %, Dense 10 softmax: 468,714
 * parameters at the default sizes, 448 of them moving averages that no gradient trains.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildDeeperCnn(options: RegularizedCnnOptions = {}): tf.Sequential {
  const { filters = [32, 64], denseUnits = 128, blockDropout = 0.25, denseDropout = 0.5 } = options;
  const layers = new LayerStack('deeper_cnn', options);
  filters.forEach((count, index) => {
    const block = index + 1;
    layers.addConvolution(`convolution_${block}a`, count, 'same');
    layers.add(tf.layers.batchNormalization({ name: `batch_normalization_${block}` }));
    layers.addConvolution(`convolution_${block}b`, count, 'same');
    layers.addPooling(block, blockDropout);
  });
  layers.addRegularizedHead(denseUnits, denseDropout);
  return layers.compile();
}
