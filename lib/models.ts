import { imageCount, imageShape, pixelsFor, type Pixels } from './arrays';
import { predictFused } from './fused/prediction';
import { requireUsable } from './compilation';
import { drawSeed, seededRandom } from './random';
import { tf } from './tensorflow';

/** What every network can be given. */
export interface NetworkOptions {
  /** Side of the square grayscale image, in pixels. @default 28 */
  readonly imageSize?: number;
  /** Number of classes. @default 10 */
  readonly classCount?: number;
  /** Step size of Adam. @default 0.001 */
  readonly learningRate?: number;
  /** Seed of the initial weights. @default 42 */
  readonly seed?: number;
}

/** Sizes of the baseline. */
export interface BaselineOptions extends NetworkOptions {
  /** Units of the hidden dense layer. @default 128 */
  readonly hiddenUnits?: number;
}

/** Sizes of the convolutional networks. */
export interface CnnOptions extends NetworkOptions {
  /** Filters of each convolution-pooling block, first to last. @default [32, 64] */
  readonly filters?: readonly number[];
  /** Units of the dense layer between the blocks and the output. @default 128 */
  readonly denseUnits?: number;
}

/** Sizes and drop-out rates of the regularized network and of the deeper one. */
export interface RegularizedCnnOptions extends CnnOptions {
  /** Share of each block's activations dropped in training, 0 to below 1. @default 0.25 */
  readonly blockDropout?: number;
  /** Share of the dense layer's activations dropped in training, 0 to below 1. @default 0.5 */
  readonly denseDropout?: number;
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
    layers.add(tf.layers.maxPooling2d({ name: `pooling_${index + 1}`, poolSize: 2 }));
  });
  layers.add(tf.layers.flatten({ name: 'flatten' }));
  layers.addDense('dense', denseUnits);
  return layers.compile();
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
    layers.add(tf.layers.maxPooling2d({ name: `pooling_${block}`, poolSize: 2 }));
    layers.add(tf.layers.dropout({ name: `dropout_${block}`, rate: blockDropout }));
  });
  layers.addRegularizedHead(denseUnits, denseDropout);
  return layers.compile();
}

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
    layers.add(tf.layers.maxPooling2d({ name: `pooling_${block}`, poolSize: 2 }));
    layers.add(tf.layers.dropout({ name: `dropout_${block}`, rate: blockDropout }));
  });
  layers.addRegularizedHead(denseUnits, denseDropout);
  return layers.compile();
}

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

/** Layers stacked one on the other, each drawing its initial weights from the run's seed. */
class LayerStack {
  private readonly model: tf.Sequential;
  private readonly random;

  constructor(
    name: string,
    private readonly options: NetworkOptions,
  ) {
    this.model = tf.sequential({ name });
    this.random = seededRandom(options.seed ?? 42, 'weights');
  }

  add(layer: tf.layers.Layer): void {
    this.model.add(layer);
  }

  addConvolution(name: string, filters: number, padding: 'valid' | 'same' = 'valid'): void {
    const { imageSize = 28 } = this.options;
    this.add(
      tf.layers.conv2d({
        name,
        filters,
        kernelSize: 3,
        padding,
        activation: 'relu',
        kernelInitializer: this.glorotUniform(),
        // Only the first layer of a model may say what it takes.
        ...(this.model.layers.length === 0 && { inputShape: [imageSize, imageSize, 1] }),
      }),
    );
  }

  addDense(name: string, units: number, activation: 'relu' | 'softmax' = 'relu'): void {
    const kernelInitializer = this.glorotUniform();
    this.add(tf.layers.dense({ name, units, activation, kernelInitializer }));
  }

  /** Adds what stands between the blocks and the output of a regularized network. */
  addRegularizedHead(units: number, dropout: number): void {
    this.add(tf.layers.flatten({ name: 'flatten' }));
    this.addDense('dense', units);
    this.add(tf.layers.batchNormalization({ name: 'batch_normalization_dense' }));
    this.add(tf.layers.dropout({ name: 'dropout_dense', rate: dropout }));
  }

  /** Adds the softmax over the classes and compiles with Adam at Keras's defaults. */
  compile(): tf.Sequential {
    const { classCount = 10, learningRate = 0.001 } = this.options;
    this.addDense('output', classCount, 'softmax');
    this.model.compile({
      optimizer: tf.train.adam(learningRate, 0.9, 0.999, 1e-7),
      // Categorical cross-entropy on whole-number labels, so that none is ever one-hot in memory.
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    });
    return this.model;
  }

  private glorotUniform() {
    return tf.initializers.glorotUniform({ seed: drawSeed(this.random) });
  }
}
