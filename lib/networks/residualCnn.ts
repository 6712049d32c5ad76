import { tf } from '../platform/tensorflow';
import {
  compileClassifier,
  glorotUniformFrom,
  requireNetworkOptions,
  type NetworkOptions,
} from './layerStack';

/** Sizes of the residual network. */
export interface ResidualCnnOptions extends NetworkOptions {
  /** Filters of the first convolution, and then of each residual block. @default [32, 64, 128] */
  readonly filters?: readonly number[];
}

/**
 * Builds the residual network (He et al., 2016): after a first convolution, each block learns what to
 * add to what it gets.
 *
 * Conv 3x3, BatchNorm, relu; then per block MaxPool 2x2, Conv 3x3, BatchNorm, relu, Conv 3x3,
 * BatchNorm, the sum with what came in (by Conv 1x1 and BatchNorm, where the numbers of filters
 * differ), relu; then the mean of each filter, Dense 10 softmax. Convolutions keep the size and have
 * no bias. 290,730 parameters at the default sizes, 1,216 of them moving averages that no gradient
 * trains.
 *
 * @returns A compiled model from [batch, 28, 28, 1] (ink is 1) to [batch, 10] probabilities.
 */
export function buildResidualCnn(options: ResidualCnnOptions = {}): tf.LayersModel {
  requireNetworkOptions(options);
  const { filters = [32, 64, 128], imageSize = 28, classCount = 10 } = options;
  const kernelInitializer = glorotUniformFrom(options.seed);
  const convolve = (value: tf.SymbolicTensor, place: string, count: number, kernelSize = 3) => {
    const layer = tf.layers.conv2d({
      name: `convolution_${place}`,
      ...{ filters: count, kernelSize, padding: 'same' as const, useBias: false },
      kernelInitializer: kernelInitializer(),
    });
    const normalization = tf.layers.batchNormalization({ name: `batch_normalization_${place}` });
    return apply(normalization, apply(layer, value));
  };
  const relu = (value: tf.SymbolicTensor, place: string) =>
    apply(tf.layers.activation({ name: `relu_${place}`, activation: 'relu' }), value);

  const images = tf.input({ name: 'images', shape: [imageSize, imageSize, 1] });
  const [first, ...rest] = filters;
  let value = relu(convolve(images, 'first', first), 'first');
  rest.forEach((count, index) => {
    const block = index + 1;
    value = apply(tf.layers.maxPooling2d({ name: `pooling_${block}`, poolSize: 2 }), value);
    const inner = relu(convolve(value, `${block}a`, count), `${block}a`);
    const learned = convolve(inner, `${block}b`, count);
    const skipped = count === filters[index] ? value : convolve(value, `${block}_skip`, count, 1);
    const sum = tf.layers.add({ name: `sum_${block}` }).apply([learned, skipped]);
    value = relu(sum as tf.SymbolicTensor, `${block}b`);
  });
  const means = apply(tf.layers.globalAveragePooling2d({ name: 'means' }), value);
  const output = tf.layers.dense({
    ...{ name: 'output', units: classCount, activation: 'softmax' as const },
    kernelInitializer: kernelInitializer(),
  });
  const model = tf.model({ name: 'residual_cnn', inputs: images, outputs: apply(output, means) });
  compileClassifier(model, options.learningRate);
  return model;
}

function apply(layer: tf.layers.Layer, value: tf.SymbolicTensor): tf.SymbolicTensor {
  return layer.apply(value) as tf.SymbolicTensor;
}
