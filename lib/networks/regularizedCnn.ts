import { tf } from '../platform/tensorflow';
import { LayerStack } from './layerStack';
import type { CnnOptions } from './simpleCnn';

/** Sizes and drop-out rates of the regularized network and of the deeper one. */
export interface RegularizedCnnOptions extends CnnOptions {
  /** Share of each block's activations dropped in training, 0 to below 1. @default 0.25 */
  readonly blockDropout?: number;
  /** Share of the dense layer's activations dropped in training, 0 to below 1. @default 0.5 */
  readonly denseDropout?: number;
}

/**
 * Builds the regularized convolutional network: the simple one with batch normalization and dropout.
 *
 * Per block Conv 3x3 (no padding) relu, BatchNorm, MaxPool 2x2, Dropout 25 %; then Flatten, Dense
 * 128 relu, BatchNorm, Dropout 50 %, Dense 10 softmax: 225,930 parameters at the default sizes, 448
 * of them moving averages that no gradient trains. Batch normalization (Ioffe and Szegedy, 2015)
 * has Keras's momentum 0.99 and epsilon 0.001; dropout is Srivastava et al., 2014.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildRegularizedCnn(options: RegularizedCnnOptions = {}): tf.Sequential {
  const { filters = [32, 64], denseUnits = 128, blockDropout = 0.25, denseDropout = 0.5 } = options;
  const layers = new LayerStack('regularized_cnn', options);
  filters.forEach((count, index) => {
    const block = index + 1;
    layers.addConvolution(`convolution_${block}`, count);
    layers.add(tf.layers.batchNormalization({ name: `batch_normalization_${block}` }));
    layers.addPooling(block, blockDropout);
  });
  layers.addRegularizedHead(denseUnits, denseDropout);
  return layers.compile();
}
