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

/** Layers stacked one on the other, each drawing its initial weights from the run's seed. */
export class LayerStack {
  private readonly model: tf.Sequential;
  private readonly random;

  constructor(
    name: string,
    private readonly options: NetworkOptions,
  ) {
    const { imageSize = 28, classCount = 10, learningRate = 0.001 } = options;
    requireWhole('imageSize', imageSize, 1);
    requireWhole('classCount', classCount, 2);
    requireNumber('learningRate', learningRate, 'a number from 0', learningRate >= 0);
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

  /** Adds what ends a block: pooling, and dropout of the given share in a regularized network. */
  addPooling(block: number, dropout?: number): void {
    this.add(tf.layers.maxPooling2d({ name: `pooling_${block}`, poolSize: 2 }));
    if (dropout === undefined) return;
    requireShare('blockDropout', dropout);
    this.add(tf.layers.dropout({ name: `dropout_${block}`, rate: dropout }));
  }

  /** Adds what stands between the blocks and the output of a regularized network. */
  addRegularizedHead(units: number, dropout: number): void {
    requireShare('denseDropout', dropout);
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

function requireShare(name: string, share: number): void {
  requireNumber(name, share, 'a share from 0 to below 1', share >= 0 && share < 1);
}
