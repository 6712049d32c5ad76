import { tf } from '../platform/tensorflow';
import { Adam } from './adam';
import { addCrossEntropy } from './crossEntropy';
import { DataType, Graph, type Session, type Value } from './graph';
import { fuseModel } from './layers';
import { addLayers, Pass, type FusedLayer } from './network';
import { Variables } from './variables';

/** Mean loss in nats, and share of images read rightly. */
export interface LossAndAccuracy {
  readonly loss: number;
  readonly accuracy: number;
}

/** Images with their classes. */
export interface Batch {
  /** The numbers of `count` images of the model's size, one after the other. */
  readonly images: Float32Array;
  /** The class of each image, a whole number from 0. */
  readonly labels: Uint8Array | Int32Array;
  /** How many images, from 1. */
  readonly count: number;
}

/** Images scored at a time. */
const scoringBatch = 250;

/**
 * The training of a network as one TensorFlow graph, in which a step is one native call.
 *
 * tfjs-node makes a native call for every small operation, and composes gradients of many. Here
 * TensorFlow gets the whole step at once, and does with it what it does for Keras: it fuses
 * operations, runs independent ones side by side and reuses memory. In place of tfjs's operations
 * run, for the layers and the optimizer that have a file in this folder,
 *
 * - Conv2D and MatMul with BiasAdd and Relu fused; ReluGrad, Conv2DBackpropInput, and
 *   Conv2DBackpropFilter with BiasAddGrad fused;
 * - FusedBatchNormV3 and FusedBatchNormGradV3;
 * - MaxPool and MaxPoolGrad;
 * - StatelessRandomUniformFullInt for dropout;
 * - SparseSoftmaxCrossEntropyWithLogits for softmax, loss and their gradient;
 * - ResourceApplyAdam.
 *
 * Nothing of tfjs is patched: model and optimizer stay tfjs's own. The graph trains copies of their
 * weights and state, and `save` brings them back.
 */
export class GraphTraining {
  private readonly graph = new Graph();
  private readonly weights: readonly tf.LayerVariable[];
  private readonly trained: readonly tf.LayerVariable[];
  private readonly variables: Variables;
  private readonly adam: Adam;
  private readonly seeds = this.graph.input(DataType.int32, [2]);
  private readonly onAll: Programs;
  private readonly onOne: Programs;
  private readonly session: Session;
  private readonly imageShape: readonly number[];

  private constructor(
    model: tf.LayersModel,
    private readonly layers: readonly FusedLayer[],
    replicas: number,
  ) {
    const { graph } = this;
    this.weights = model.weights as unknown as tf.LayerVariable[];
    this.trained = trainedWeights(model);
    const shapes = this.weights.map(({ shape }) => shape as number[]);
    this.variables = new Variables(graph, 'weight', shapes);
    this.adam = new Adam(graph, model.optimizer as tf.AdamOptimizer, this.trained);
    this.imageShape = model.inputs[0].shape.slice(1) as number[];
    const inputs = Array.from({ length: replicas }, () => ({
      images: graph.input(DataType.float, [-1, ...this.imageShape]),
      labels: graph.input(DataType.int32, [-1]),
    }));
    this.onAll = this.addPrograms(inputs);
    this.onOne = replicas === 1 ? this.onAll : this.addPrograms(inputs.slice(0, 1));
    this.session = graph.load();
  }

  /**
   * Makes the graph for a compiled model, with its weights and its optimizer's state.
   *
   * @param replicas - Parts that a batch is split in, which run side by side; a batch
   *   normalization sees one part. Gradients are those of the whole batch, moving averages
   *   average over the parts.
   * @returns Nothing, where the backend is not native TensorFlow, or the model is not a sequence of
   *   Conv2D, BatchNormalization, MaxPooling2D, Dropout, Flatten and Dense with relu or no
   *   activation, that ends in a Dense with softmax, compiled with Adam, the loss
   *   `sparseCategoricalCrossentropy` and the metric `accuracy`; or where a layer has an option
   *   that its file does not cover, or TensorFlow does not take the graph.
   */
  static async compile(
    model: tf.LayersModel,
    replicas: number = 1,
  ): Promise<GraphTraining | undefined> {
    const covered = tf.getBackend() === 'tensorflow' && isCovered(model);
    const layers = covered ? fuseModel(model) : undefined;
    if (layers === undefined) {
      return undefined;
    }
    let training: GraphTraining | undefined;
    try {
      training = new GraphTraining(model, layers, replicas);
      const values = training.weights.map((weight) => weight.read());
      training.variables.assign(training.session, values);
      await training.adam.load(training.session);
      return training;
    } catch {
      // No graph can be had of it here, for a reason of TensorFlow's own; tfjs can still train it.
      training?.dispose();
      return undefined;
    }
  }

  /**
   * Trains on one batch.
   *
   * @param drawSeed - Source of the dropout masks: gives another whole number from 1 to 2³¹ - 1 at
   *   every call.
   * @returns Loss and accuracy before the step; NaN as the loss, when a gradient is not finite.
   */
  step(batch: Batch, drawSeed: () => number): LossAndAccuracy {
    return this.run('step', batch, () => {
      const seeds = tf.tensor1d([drawSeed(), drawSeed()], 'int32');
      return [[this.seeds, seeds], ...this.adam.nextInputs()];
    });
  }

  /** Scores digits by the weights that the steps have led to. */
  score(digits: Batch): LossAndAccuracy {
    let [loss, accuracy] = [0, 0];
    for (let start = 0; start < digits.count; start += scoringBatch) {
      const batch = part(digits, start, Math.min(start + scoringBatch, digits.count));
      const means = this.run('score', batch, () => []);
      loss += (means.loss * batch.count) / digits.count;
      accuracy += (means.accuracy * batch.count) / digits.count;
    }
    return { loss, accuracy };
  }

  /** Gives the model the weights, and its optimizer the state, that the steps have led to. */
  async save(): Promise<void> {
    const values = this.variables.read(this.session);
    this.weights.forEach((weight, index) => weight.write(values[index]));
    tf.dispose(values);
    await this.adam.save(this.session);
  }

  /** Frees the graph; the model stays as it is. */
  dispose(): void {
    this.session.dispose();
  }

  private addPrograms(inputs: readonly BatchInput[]): Programs {
    return { inputs, step: this.addStep(inputs), score: this.addScore(inputs) };
  }

  private addStep(inputs: readonly BatchInput[]): Value {
    const { graph } = this;
    const count = this.addCount(inputs);
    const replicas = inputs.map(({ images, labels }, index) => {
      const offset = graph.constant(Int32Array.of(index, 0));
      const seeds = graph.add('AddV2', [this.seeds, offset], { T: { type: DataType.int32 } });
      const pass = new Pass(graph, this.weights, this.variables.values, seeds);
      const network = addLayers(pass, this.layers, images);
      const entropy = addCrossEntropy(graph, network.output, labels, count);
      network.backward(entropy.gradient);
      return { pass, entropy };
    });
    const passes = replicas.map(({ pass }) => pass);
    const gradients = this.trained.map((weight) =>
      graph.sum(passes.map((pass) => pass.gradients.get(weight) as Value)),
    );
    const handles = this.trained.map((weight) => this.handle(weight));
    const updates = [...this.adam.addStep(handles, gradients), ...this.moveAverages(passes)];
    const losses = replicas.map(({ entropy }) => entropy.loss);
    const correct = graph.sum(replicas.map(({ entropy }) => entropy.correct));
    const sums = [graph.sum([...losses, addFiniteCheck(graph, gradients)]), correct];
    return graph.after(graph.float('Pack', sums, { N: 2 }), updates);
  }

  private addScore(inputs: readonly BatchInput[]): Value {
    const { graph } = this;
    const count = this.addCount(inputs);
    const scores = inputs.map(({ images, labels }) => {
      const pass = new Pass(graph, this.weights, this.variables.values);
      const { output } = addLayers(pass, this.layers, images);
      return addCrossEntropy(graph, output, labels, count);
    });
    const losses = graph.sum(scores.map(({ loss }) => loss));
    const correct = graph.sum(scores.map(({ correct }) => correct));
    return graph.float('Pack', [losses, correct], { N: 2 });
  }

  private addCount(inputs: readonly BatchInput[]): Value {
    const sizes = inputs.map(({ labels }) => {
      const size = this.graph.add('Size', [labels], { T: { type: DataType.int32 } });
      return this.graph.cast(size, DataType.int32);
    });
    return this.graph.sum(sizes);
  }

  /** Adds the operations that move averages to the mean over the passes. */
  private moveAverages(passes: readonly Pass[]): Value[] {
    const { graph } = this;
    return passes[0].statistics.map(({ average, momentum }, index) => {
      const sum = graph.sum(passes.map(({ statistics }) => statistics[index].ofBatch));
      const mean = graph.float('Mul', [sum, graph.scalar(1 / passes.length)]);
      const distance = graph.float('Sub', [passes[0].read(average), mean]);
      const step = graph.float('Mul', [distance, graph.scalar(1 - momentum)]);
      const dtype = { type: DataType.float };
      return graph.add('AssignSubVariableOp', [this.handle(average), step], { dtype });
    });
  }

  private handle(weight: tf.LayerVariable): Value {
    return this.variables.handles[this.weights.indexOf(weight)];
  }

  private run(
    program: 'step' | 'score',
    batch: Batch,
    otherInputs: () => [Value, tf.Tensor][],
  ): LossAndAccuracy {
    // A part without images would have no mean to normalize by.
    const programs = batch.count < this.onAll.inputs.length ? this.onOne : this.onAll;
    const [loss, correct] = tf.tidy(() => {
      const inputs = new Map(otherInputs());
      programs.inputs.forEach(({ images, labels }, index, { length }) => {
        const [start, end] = [index, index + 1].map((i) => Math.round((i * batch.count) / length));
        const digits = part(batch, start, end);
        inputs.set(images, tf.tensor(digits.images, [digits.count, ...this.imageShape]));
        inputs.set(labels, tf.tensor1d(Int32Array.from(digits.labels), 'int32'));
      });
      const [sums] = this.session.run(inputs, [programs[program]]);
      return [...sums.dataSync()];
    });
    return { loss: loss / batch.count, accuracy: correct / batch.count };
  }
}

/**
 * Gives the weights that a training changes, as tfjs has it: those that could be trained both when the
 * model was compiled and now.
 */
export function trainedWeights(model: tf.LayersModel): tf.LayerVariable[] {
  const inner = (model as { model?: tf.LayersModel }).model ?? model;
  const { collectedTrainableWeights } = inner as unknown as {
    collectedTrainableWeights: readonly object[];
  };
  const weights = model.trainableWeights as unknown as tf.LayerVariable[];
  return weights.filter((weight) => collectedTrainableWeights.includes(weight));
}

/** Whether a model was compiled with what this folder has operations for. */
function isCovered(model: tf.LayersModel): boolean {
  return (
    model.optimizer?.getClassName() === 'Adam' &&
    model.loss === 'sparseCategoricalCrossentropy' &&
    String(model.metricsNames) === 'loss,acc'
  );
}

/** What a batch can be put through, in as many parts as there are inputs. */
interface Programs {
  readonly inputs: readonly BatchInput[];
  readonly step: Value;
  readonly score: Value;
}

/** What a part of a batch is fed to. */
interface BatchInput {
  readonly images: Value;
  readonly labels: Value;
}

function part({ images, labels, count }: Batch, start: number, end: number): Batch {
  const pixels = images.length / count;
  return {
    images: images.subarray(start * pixels, end * pixels),
    labels: labels.subarray(start, end),
    count: end - start,
  };
}

/**
 * Adds 0 where all gradients are finite, else NaN: a relu that oneDNN fuses gives 0 for NaN, so
 * that the loss alone would not show that a training is lost.
 */
function addFiniteCheck(graph: Graph, gradients: readonly Value[]): Value {
  const norms = graph.sum(gradients.map((gradient) => graph.float('L2Loss', [gradient])));
  return graph.float('Mul', [norms, graph.scalar(0)]);
}
