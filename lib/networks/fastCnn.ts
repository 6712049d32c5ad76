import { tf } from '../platform/tensorflow';
import { LayerStack } from './layerStack';
import type { CnnOptions } from './simpleCnn';

/**
 * Builds the fast network, whose few operations are for training in seconds on few cores.
 *
 * Conv 5x5 relu in steps of two pixels, then for each further number of filters Conv 3x3 relu and
 * MaxPool 2x2; then Flatten, Dense 64 relu, Dense 10 softmax: 56,970 parameters at the default sizes.
 * The steps of two pixels leave the later layers a quarter of the work.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildFastCnn(options: CnnOptions = {}): tf.Sequential {
  const { filters = [16, 32], denseUnits = 64 } = options;
  const layers = new LayerStack('fast_cnn', options);
  filters.forEach((count, index) => {
    const isFirst = index === 0;
    layers.addConvolution(
      `convolution_${index + 1}`,
      count,
      'valid',
      isFirst ? 5 : 3,
      isFirst ? 2 : 1,
    );
    if (!isFirst) layers.addPooling(index);
  });
  layers.addDenseHead(denseUnits);
  return layers.compile();
}
