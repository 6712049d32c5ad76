import { tf } from '../platform/tensorflow';
import { LayerStack, type NetworkOptions } from './layerStack';

/** Sizes of the convolutional networks. */
export interface CnnOptions extends NetworkOptions {
  /** Filters of each convolution-pooling block, first to last. @default [32, 64] */
  readonly filters?: readonly number[];
  /** Units of the dense layer between the blocks and the output. @default 128 */
  readonly denseUnits?: number;
}

/**
 * Builds the simple convolutional network: two blocks of convolution and pooling, then a dense head.
 *
 * Per block Conv 3x3 (no padding) relu and MaxPool 2x2; then Flatten, Dense 128 relu, Dense 10
 * softmax: 225,034 parameters at the default sizes.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildSimpleCnn(options: CnnOptions = {}): tf.Sequential {
  const { filters = [32, 64], denseUnits = 128 } = options;
  const layers = new LayerStack('simple_cnn', options);
  filters.forEach((count, index) => {
    layers.addConvolution(`convolution_${index + 1}`, count);
    layers.addPooling(index + 1);
  });
  layers.addDenseHead(denseUnits);
  return layers.compile();
}
