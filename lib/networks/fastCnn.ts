import { tf } from '../platform/tensorflow';
import { LayerStack } from './layerStack';
import type { CnnOptions } from './simpleCnn';

/**
 * Builds the fast network, whose few operations are for training in seconds on few cores.
 *
 * Conv 5x5 relu, MaxPool 2x2, Conv 3x3 relu, MaxPool 2x2, then Flatten, Dense 256 relu, Dense 10
 * softmax: 411,802 parameters at the default sizes. Convolutions keep the size. After the network of
 * the repository tuomaso/train_mnist_fast.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildFastCnn(options: CnnOptions = {}): tf.Sequential {
  const { filters = [24, 32], denseUnits = 256 } = options;
  const layers = new LayerStack('fast_cnn', options);
  filters.forEach((count, index) => {
    layers.addConvolution(`convolution_${index + 1}`, count, 'same', index === 0 ? 5 : 3);
    layers.addPooling(index + 1);
  });
  layers.addDenseHead(denseUnits);
  return layers.compile();
}
