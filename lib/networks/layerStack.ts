import { requireNumber, requireWhole } from '../platform/numbers';
import { drawSeed, seededRandom } from '../platform/random';
import { tf } from '../platform/tensorflow';

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

/**
 * Refuses sizes and rates that no network can have.
 *
 * @throws RangeError that names the option.
 */
export function requireNetworkOptions(options: NetworkOptions): void {
  const { imageSize = 28, classCount = 10, learningRate = 0.001 } = options;
  requireWhole('imageSize', imageSize, 1);
  requireWhole('classCount', classCount, 2);
  requireNumber('learningRate', learningRate, 'a number from 0', learningRate >= 0);
}

/** Gives what draws the initial weights of one layer after the other from a network's seed. */
export function glorotUniformFrom(
  seed = 42,
): () => ReturnType<typeof tf.initializers.glorotUniform> {
  const random = seededRandom(seed, 'weights');
  return () => tf.initializers.glorotUniform({ seed: drawSeed(random) });
}

/** Compiles with Adam at Keras's defaults, for labels that are whole numbers. */
export function compileClassifier(model: tf.LayersModel, learningRate = 0.001): void {
  model.compile({
    optimizer: tf.train.adam(learningRate, 0.9, 0.999, 1e-7),
    // Categorical cross-entropy on whole-number labels, so that none is ever one-hot in memory.
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
}

/** Layers stacked one on the other, each drawing its initial weights from the run's seed. */
export class LayerStack {
  private readonly model: tf.Sequential;
  private readonly glorotUniform;

  constructor(
    name: string,
    private readonly options: NetworkOptions,
  ) {
    requireNetworkOptions(options);
    this.model = tf.sequential({ name });
    this.glorotUniform = glorotUniformFrom(options.seed);
  }

  add(layer: tf.layers.Layer): void {
    this.model.add(layer);
  }

  addConvolution(
    name: string,
    filters: number,
    padding: 'valid' | 'same' = 'valid',
    kernelSize = 3,
    strides = 1,
  ): void {
    this.add(
      tf.layers.conv2d({
        ...{ name, filters, kernelSize, strides, padding, activation: 'relu' as const },
        kernelInitializer: this.glorotUniform(),
        ...this.inputShape(),
      }),
    );
  }

  /** Adds a convolution 3x3 that keeps the size, without bias, with BatchNorm and relu after it. */
  addNormalizedConvolution(place: string, filters: number): void {
    this.add(
      tf.layers.conv2d({
        name: `convolution_${place}`,
        ...{ filters, kernelSize: 3, padding: 'same' as const, useBias: false },
        kernelInitializer: this.glorotUniform(),
        ...this.inputShape(),
      }),
    );
    this.add(tf.layers.batchNormalization({ name: `batch_normalization_${place}` }));
    this.add(tf.layers.activation({ name: `relu_${place}`, activation: 'relu' }));
  }

  addDense(name: string, units: number, activation: 'relu' | 'softmax' = 'relu'): void {
    const kernelInitializer = this.glorotUniform();
    this.add(tf.layers.dense({ name, units, activation, kernelInitializer }));
  }

  /** Adds what ends a block: pooling, and dropout of the given share in a regularized network. */
  addPooling(block: number, dropout?: number): void {
    this.add(tf.layers.maxPooling2d({ name: `pooling_${block}`, poolSize: 2 }));
    if (dropout === undefined) return;
    requireShare('blockDropout', dropout);
    this.add(tf.layers.dropout({ name: `dropout_${block}`, rate: dropout }));
  }

  /** Adds a dense layer over all that the blocks give. */
  addDenseHead(units: number): void {
    this.add(tf.layers.flatten({ name: 'flatten' }));
    this.addDense('dense', units);
  }

  /** Adds what stands between the blocks and the output of a regularized network. */
  addRegularizedHead(units: number, dropout: number): void {
    requireShare('denseDropout', dropout);
    this.addDenseHead(units);
    this.add(tf.layers.batchNormalization({ name: 'batch_normalization_dense' }));
    this.add(tf.layers.dropout({ name: 'dropout_dense', rate: dropout }));
  }

  /** Adds the softmax over the classes and compiles with Adam at Keras's defaults. */
  compile(): tf.Sequential {
    const { classCount = 10, learningRate } = this.options;
    this.addDense('output', classCount, 'softmax');
    compileClassifier(this.model, learningRate);
    return this.model;
  }

  /** What only the first layer of a model may say: the shape of what it takes. */
  private inputShape() {
    const { imageSize = 28 } = this.options;
    return this.model.layers.length === 0 ? { inputShape: [imageSize, imageSize, 1] } : {};
  }
}

function requireShare(name: string, share: number): void {
  requireNumber(name, share, 'a share from 0 to below 1', share >= 0 && share < 1);
}
