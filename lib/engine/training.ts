import { tf } from '../platform/tensorflow';
import { addAugmentation } from './augmentation';
import { trainableNetworkOf } from './coverage';
import { addCrossEntropy } from './crossEntropy';
import { DataType, Graph, type Value } from './graph';
import type { Network } from './network';
import { optimizerKinds } from './optimizers/index';
import type { GraphOptimizer } from './optimizers/optimizer';
import { requireGraphOptions, type GraphTrainingOptions } from './options';
import { addNetwork, Pass } from './pass';
import { addPenalties } from './penalty';
import { learningRateAt } from './schedule';
import type { Feed, Session } from './session';
import { Variables } from './variables';
import { WeightAverages } from './weightAverages';
import { WeightDecay } from './weightDecay';

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
 * operations, runs independent ones side by side and reuses memory.
 *
 * Nothing of tfjs is patched: model and optimizer stay tfjs's own. The graph trains copies of their
 * weights and state, and `save` brings them back.
 */
export class GraphTraining {
  private readonly graph = new Graph();
  private readonly weights: readonly tf.LayerVariable[];
  private readonly trained: readonly tf.LayerVariable[];
  private readonly variables: Variables;
  private readonly optimizer: GraphOptimizer;
  private readonly decay?: WeightDecay;
  private readonly averages?: WeightAverages;
  private readonly seeds = this.graph.input(DataType.int32, [2]);
  private readonly onAll: Programs;
  private readonly onOne: Programs;
  private readonly session: Session;
  private readonly imageShape: readonly number[];
  private readonly classCount: number;
  private stepsDone: number;

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly network: Network,
    private readonly options: GraphTrainingOptions,
  ) {
    const { graph } = this;
    const { replicas = 1, weightDecay = 0, averageDecay = 0 } = options;
    // A layer that a model has twice gives its weights twice.
    this.weights = [...new Set(model.weights as unknown as tf.LayerVariable[])];
    this.trained = [...new Set(trainedWeights(model))];
    const shapes = this.weights.map(({ shape }) => shape as number[]);
    this.variables = new Variables(graph, 'weight', shapes);
    const Optimizer = optimizerKinds[model.optimizer.getClassName()];
    this.optimizer = new Optimizer(graph, model.optimizer, this.trained);
    if (weightDecay > 0) this.decay = new WeightDecay(graph, weightDecay);
    if (averageDecay > 0) {
      const trainedShapes = this.trained.map(({ shape }) => shape as number[]);
      this.averages = new WeightAverages(graph, trainedShapes, averageDecay);
    }
    this.stepsDone = options.stepsDone ?? 0;
    this.imageShape = model.inputs[0].shape.slice(1) as number[];
    this.classCount = model.outputs[0].shape[1] as number;
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
   * @returns Nothing, where the engine does not cover the model, for the reason that
   *   `describeCoverage` gives, or where TensorFlow does not take the graph.
   * @throws RangeError when an option is out of range.
   */
  static async compile(
    model: tf.LayersModel,
    options: GraphTrainingOptions = {},
  ): Promise<GraphTraining | undefined> {
    requireGraphOptions(options);
    const network = trainableNetworkOf(model);
    if (typeof network === 'string') {
      return undefined;
    }
    let training: GraphTraining | undefined;
    try {
      training = new GraphTraining(model, network, options);
      training.loadWeights(options.ownState);
      await training.optimizer.state.load(training.session);
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
    const seeds = { values: Int32Array.of(drawSeed(), drawSeed()), shape: [2] };
    const { learningRate, stepsDone } = this;
    const result = this.run('step', batch, [
      [this.seeds, seeds],
      ...this.optimizer.nextInputs(learningRate),
      ...(this.decay?.nextInputs(learningRate) ?? []),
      ...(this.averages?.nextInputs(stepsDone) ?? []),
    ]);
    this.stepsDone += 1;
    return result;
  }

  /** Learning rate of the next step. */
  get learningRate(): number {
    // It is protected in every optimizer of tfjs.
    const { learningRate: peak } = this.model.optimizer as unknown as { learningRate: number };
    const { schedule } = this.options;
    return schedule === undefined ? peak : learningRateAt(schedule, { step: this.stepsDone, peak });
  }

  /** Gives what neither the model nor its optimizer hold after a `save`: the weights without averages. */
  ownState(): Float32Array[] {
    if (this.averages === undefined) return [];
    const values = this.variables.read(this.session);
    return this.trained.map((weight) => values[this.weights.indexOf(weight)]);
  }

  /** Scores images by the weights that the steps have led to; without penalties, as tfjs does. */
  score(images: Batch): LossAndAccuracy {
    let [loss, accuracy] = [0, 0];
    for (let start = 0; start < images.count; start += scoringBatch) {
      const batch = part(images, start, Math.min(start + scoringBatch, images.count));
      const means = this.run('score', batch, []);
      loss += (means.loss * batch.count) / images.count;
      accuracy += (means.accuracy * batch.count) / images.count;
    }
    return { loss, accuracy };
  }

  /** Gives the model the weights, and its optimizer the state, that the steps have led to. */
  async save(): Promise<void> {
    const averages = this.averages?.variables.read(this.session);
    this.variables.read(this.session).forEach((own, index) => {
      const weight = this.weights[index];
      const values = averages?.[this.trained.indexOf(weight)] ?? own;
      const tensor = tf.tensor(values, weight.shape as number[]);
      weight.write(tensor);
      tensor.dispose();
    });
    await this.optimizer.state.save(this.session);
  }

  /** Frees the graph; the model stays as it is. */
  dispose(): void {
    this.session.dispose();
  }

  /** Sets the weights to the model's, which are the averages where there are such. */
  private loadWeights(ownState: readonly Float32Array[] = []): void {
    const values = this.weights.map((weight) => weight.read().dataSync() as Float32Array);
    const own = values.map((value, index) => {
      return ownState[this.trained.indexOf(this.weights[index])] ?? value;
    });
    this.variables.assign(this.session, own);
    const trained = this.trained.map((weight) => values[this.weights.indexOf(weight)]);
    this.averages?.variables.assign(this.session, trained);
  }

  private addPrograms(inputs: readonly BatchInput[]): Programs {
    return { inputs, step: this.addStep(inputs), score: this.addScore(inputs) };
  }

  private addStep(inputs: readonly BatchInput[]): Value {
    const { graph, network } = this;
    const count = this.addCount(inputs);
    const replicas = inputs.map(({ images, labels }, index) => {
      const offset = graph.constant(Int32Array.of(index, 0));
      const seeds = graph.op('AddV2', [this.seeds, offset]);
      const pass = new Pass(graph, this.weights, this.variables.values, seeds);
      const { output, backward } = addNetwork(
        pass,
        network.layers,
        this.addAugmented(pass, images),
      );
      const { classCount } = this;
      const smoothing = this.options.labelSmoothing ?? 0;
      const entropy = addCrossEntropy(graph, output, labels, count, { classCount, smoothing });
      backward(entropy.gradient);
      return { pass, entropy };
    });
    const passes = replicas.map(({ pass }) => pass);
    const penalty = addPenalties(passes[0], network.penalties);
    const gradients = this.trained.map((weight) =>
      graph.sum(passes.map((pass) => pass.gradientBy(weight))),
    );
    const handles = this.trained.map((weight) => this.handle(weight));
    const values = this.trained.map((weight) => passes[0].readFloat(weight));
    const shapes = this.trained.map(({ shape }) => shape);
    const decayed = this.decay?.addStep(handles, values, gradients, shapes) ?? gradients;
    const steps = this.optimizer.addStep(handles, decayed);
    const averaged = this.averages?.addStep(handles, steps) ?? [];
    const updates = [...steps, ...this.moveAverages(passes), ...averaged];
    const losses = replicas.map(({ entropy }) => entropy.loss);
    const correct = graph.sum(replicas.map(({ entropy }) => entropy.correct));
    const loss = graph.sum([...losses, addFiniteCheck(graph, gradients)]);
    return graph.after(graph.op('Pack', [loss, correct, penalty], { N: 3 }), updates);
  }

  private addScore(inputs: readonly BatchInput[]): Value {
    const { graph, network } = this;
    const count = this.addCount(inputs);
    const scores = inputs.map(({ images, labels }) => {
      const pass = new Pass(graph, this.weights, this.scoredWeights());
      const { output } = addNetwork(pass, network.layers, images);
      return addCrossEntropy(graph, output, labels, count, { classCount: this.classCount });
    });
    const loss = graph.sum(scores.map(({ loss }) => loss));
    const correct = graph.sum(scores.map(({ correct }) => correct));
    return graph.op('Pack', [loss, correct, graph.scalar(0)], { N: 3 });
  }

  /** Moves the images of a pass, where there is an augmentation. */
  private addAugmented(pass: Pass, images: Value): Value {
    const { augmentation } = this.options;
    if (augmentation === undefined) return images;
    const seeds = pass.drawSeeds();
    return addAugmentation(this.graph, images, this.imageShape, augmentation, seeds).images;
  }

  /** Gives the weights that a score asks for. */
  private scoredWeights(): Value[] {
    const { trained, variables, averages } = this;
    return this.weights.map((weight, index) => {
      return averages?.variables.values[trained.indexOf(weight)] ?? variables.values[index];
    });
  }

  private addCount(inputs: readonly BatchInput[]): Value {
    const { graph } = this;
    return graph.sum(
      inputs.map(({ labels }) => graph.cast(graph.op('Size', [labels]), DataType.float)),
    );
  }

  /** Adds the operations that move averages to the mean over the passes. */
  private moveAverages(passes: readonly Pass[]): Value[] {
    const { graph } = this;
    return passes[0].statistics.map(({ average, momentum }, index) => {
      const sum = graph.sum(passes.map(({ statistics }) => statistics[index].ofBatch));
      const mean = graph.op('Mul', [sum, graph.scalar(1 / passes.length)]);
      const distance = graph.op('Sub', [passes[0].readFloat(average), mean]);
      const step = graph.op('Mul', [distance, graph.scalar(1 - momentum)]);
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
    otherInputs: readonly [Value, Feed][],
  ): LossAndAccuracy {
    // A part without images would have no mean to normalize by.
    const programs = batch.count < this.onAll.inputs.length ? this.onOne : this.onAll;
    const inputs = new Map(otherInputs);
    programs.inputs.forEach(({ images, labels }, index, { length }) => {
      const [start, end] = [index, index + 1].map((i) => Math.round((i * batch.count) / length));
      const some = part(batch, start, end);
      inputs.set(images, { values: some.images, shape: [some.count, ...this.imageShape] });
      inputs.set(labels, { values: Int32Array.from(some.labels), shape: [some.count] });
    });
    const [[loss, correct, penalty]] = this.session.run(inputs, [programs[program]]);
    return { loss: loss / batch.count + penalty, accuracy: correct / batch.count };
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
  const norms = graph.sum(gradients.map((gradient) => graph.op('L2Loss', [gradient])));
  return graph.op('Mul', [norms, graph.scalar(0)]);
}
