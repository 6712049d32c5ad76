import { tf } from '../platform/tensorflow';
import { trainableNetworkOf } from './coverage';
import { compacted, DataInGraph, type Batch, type BatchInGraph } from './data';
import { DataType, Graph, output, type Value } from './graph';
import type { Network } from './network';
import { optimizerKinds } from './optimizers/index';
import { graphOnlyOptions, requireGraphOptions, type GraphTrainingOptions } from './options';
import { typeOfPrecision } from './precision';
import { learningRateAt } from './schedule';
import type { Feed, Session } from './session';
import { addScore, addStep, addStepInputs, type Trained } from './step';
import { Variables } from './variables';
import { WeightAverages } from './weightAverages';
import { WeightDecay } from './weightDecay';

/** Mean loss in nats, and share of images read rightly. */
export interface LossAndAccuracy {
  readonly loss: number;
  readonly accuracy: number;
}

/** Images scored at a time. */
const scoringBatch = 250;

/** Steps in one run, where the network is so small that the way into a run would count. */
const stepsOfSmall = 10;

/** Images in a batch up to which such steps run together. */
const mostOfSmallBatch = 1000;

/** Weights up to which a network of dense layers is small. */
const weightsOfSmall = 1e6;

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
  private readonly trained: Trained;
  private readonly data: DataInGraph | undefined;
  private readonly onBatch: readonly BatchProgram[];
  private readonly scoring: readonly BatchProgram[];
  private readonly onRows: readonly RowsProgram[] = [];
  private readonly onManyRows?: RowsProgram;
  private readonly session: Session;

  private stepsDone: number;

  private constructor(
    private readonly model: tf.LayersModel,
    network: Network,
    options: GraphTrainingOptions,
  ) {
    const { replicas = 1, data, stepsDone = 0 } = options;
    this.stepsDone = stepsDone;
    this.trained = this.addTrained(network, options);
    // A part without images would have no mean to normalize by, so small batches go as a whole.
    const partCounts = replicas === 1 ? [1] : [replicas, 1];
    this.onBatch = partCounts.map((parts) => this.addBatchProgram('step', parts));
    this.scoring = partCounts.map((parts) => this.addBatchProgram('score', parts));
    if (data !== undefined) {
      // Where a step takes so little time, even the division of bytes would count.
      const kept = isSmall(network) ? data : compacted(data);
      this.data = new DataInGraph(this.graph, kept, this.trained.imageShape);
      this.onRows = partCounts.map((parts) => this.addRowsProgram(parts, 1));
      if (replicas === 1 && isSmall(network)) {
        this.onManyRows = this.addRowsProgram(1, stepsOfSmall);
      }
    }
    this.session = this.graph.load();
  }

  /**
   * Makes the graph for a compiled model, with its weights and its optimizer's state.
   *
   * @returns Nothing, where the engine does not cover the model, for the reason that
   *   `describeCoverage` gives, or where TensorFlow does not take the graph, for its own reasons.
   * @throws RangeError when an option is out of range.
   * @throws Error of TensorFlow's, when it does not take the graph, and `graphOnlyOptions` names
   *   options that `model.fit` would not have.
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
      training.data?.load(training.session);
      await training.trained.optimizer.state.load(training.session);
      return training;
    } catch (error) {
      // No graph can be had of it here, for a reason of TensorFlow's own; tfjs can still train it,
      // but not with options that only the graph has.
      training?.dispose();
      if (graphOnlyOptions(options).length > 0) throw error;
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
    const program = fitting(this.onBatch, batch.count);
    return this.run(program, this.feedsOf(program, batch), batch.count, drawSeed)[0];
  }

  /**
   * Trains on batches of the data in the graph, one after the other, to the bit as `step` does.
   *
   * @param batches - For each batch the places of its images in the data, whole numbers from 0.
   * @param drawSeed - As of `step`.
   * @returns What `step` returns, for each batch.
   * @throws Error when the graph has no data, or a place is not in them.
   */
  stepsOn(batches: readonly ArrayLike<number>[], drawSeed: () => number): LossAndAccuracy[] {
    if (this.data === undefined) {
      throw new Error('there is no data in the graph; give it to GraphTraining.compile');
    }
    const [{ length: count }] = batches;
    const many = this.onManyRows;
    if (batches.length === many?.steps && batches.every(({ length }) => length === count)) {
      return this.run(many, feedsOfRows(many, batches), count, drawSeed);
    }
    return batches.flatMap((batch) => {
      const program = fitting(this.onRows, batch.length);
      return this.run(program, feedsOfRows(program, [batch]), batch.length, drawSeed);
    });
  }

  /**
   * Gives how many batches `stepsOn` takes best at a time: those of small networks run together, yet
   * for a fraction of a second.
   *
   * @param batchSize - Images in a batch, from 1.
   */
  stepsAtATime(batchSize: number): number {
    return batchSize <= mostOfSmallBatch ? (this.onManyRows?.steps ?? 1) : 1;
  }

  /** Scores images by the weights that the steps have led to; without penalties, as tfjs does. */
  score(images: Batch): LossAndAccuracy {
    let [loss, accuracy] = [0, 0];
    for (let start = 0; start < images.count; start += scoringBatch) {
      const batch = part(images, start, Math.min(start + scoringBatch, images.count));
      const program = fitting(this.scoring, batch.count);
      const [means] = this.run(program, this.feedsOf(program, batch), batch.count);
      loss += (means.loss * batch.count) / images.count;
      accuracy += (means.accuracy * batch.count) / images.count;
    }
    return { loss, accuracy };
  }

  /** Learning rate of the next step. */
  get learningRate(): number {
    // It is protected in every optimizer of tfjs.
    const { learningRate: peak } = this.model.optimizer as unknown as { learningRate: number };
    const { schedule } = this.trained.options;
    return schedule === undefined ? peak : learningRateAt(schedule, { step: this.stepsDone, peak });
  }

  /** Gives what neither the model nor its optimizer hold after a `save`: the weights without averages. */
  ownState(): Float32Array[] {
    const { averages, variables, trained, weights } = this.trained;
    if (averages === undefined) return [];
    const values = variables.get(this.session);
    return trained.map((weight) => values[weights.indexOf(weight)]);
  }

  /** Gives the model the weights, and its optimizer the state, that the steps have led to. */
  async save(): Promise<void> {
    const { weights, trained, variables, averages, optimizer } = this.trained;
    const averaged = averages?.variables.get(this.session);
    variables.get(this.session).forEach((own, index) => {
      const values = averaged?.[trained.indexOf(weights[index])] ?? own;
      const tensor = tf.tensor(values, variables.shapes[index] as number[]);
      weights[index].write(tensor);
      tensor.dispose();
    });
    await optimizer.state.save(this.session);
  }

  /** Frees the graph; the model stays as it is. */
  dispose(): void {
    this.session.dispose();
  }

  /** Adds the variables of a training, and finds what changes them. */
  private addTrained(network: Network, options: GraphTrainingOptions): Trained {
    const { graph, model } = this;
    const { weightDecay = 0, averageDecay = 0, precision = 'float32' } = options;
    // A layer that a model has twice gives its weights twice.
    const weights = [...new Set(model.weights as unknown as tf.LayerVariable[])];
    const trained = [...new Set(trainedWeights(model))];
    const [shapes, trainedShapes] = [weights, trained].map((some) =>
      some.map(({ shape }) => shape as number[]),
    );
    const Optimizer = optimizerKinds[model.optimizer.getClassName()];
    return {
      network,
      weights,
      trained,
      variables: new Variables(graph, 'weight', shapes),
      optimizer: new Optimizer(graph, model.optimizer, trained),
      ...(weightDecay > 0 && { decay: new WeightDecay(graph, weightDecay) }),
      ...(averageDecay > 0 && { averages: new WeightAverages(graph, trainedShapes, averageDecay) }),
      options,
      type: typeOfPrecision(precision),
      imageShape: model.inputs[0].shape.slice(1) as number[],
      classCount: model.outputs[0].shape[1] as number,
    };
  }

  /** Sets the weights to the model's, which are the averages where there are such. */
  private loadWeights(ownState: readonly Float32Array[] = []): void {
    const { weights, trained, variables, averages } = this.trained;
    const values = weights.map((weight) => weight.read().dataSync() as Float32Array);
    const own = values.map((value, index) => ownState[trained.indexOf(weights[index])] ?? value);
    variables.assign(this.session, own);
    const averaged = trained.map((weight) => values[weights.indexOf(weight)]);
    averages?.variables.assign(this.session, averaged);
  }

  /** Gives the numbers that the next step is fed, which then counts as taken. */
  private nextInputs(): number[] {
    const { optimizer, decay, averages } = this.trained;
    const { learningRate, stepsDone } = this;
    this.stepsDone += 1;
    return [
      ...optimizer.nextInputs(learningRate),
      ...(decay?.nextInputs(learningRate) ?? []),
      ...(averages?.nextInputs(stepsDone) ?? []),
    ];
  }

  /** Adds a step or a scoring of images and labels that are fed. */
  private addBatchProgram(kind: 'step' | 'score', partCount: number): BatchProgram {
    const { graph, trained } = this;
    const parts = Array.from({ length: partCount }, () => ({
      images: graph.input(DataType.float, [-1, ...trained.imageShape]),
      labels: graph.input(DataType.int32, [-1]),
    }));
    if (kind === 'score') {
      return { steps: 1, feeds: parts, output: addScore(graph, trained, parts) };
    }
    const inputs = addStepInputs(graph, trained, 1);
    const result = addStep(graph, trained, parts, inputs.ofStep(0));
    return { steps: 1, feeds: parts, inputs, output: result };
  }

  /** Adds steps one after the other on rows of the data that are fed. */
  private addRowsProgram(partCount: number, steps: number): RowsProgram {
    const { graph, trained } = this;
    const data = this.data as DataInGraph;
    const feeds = Array.from({ length: partCount }, () => graph.input(DataType.int32, [steps, -1]));
    const rows = feeds.map((feed) => graph.op('Unpack', [feed], { num: steps }));
    const inputs = addStepInputs(graph, trained, steps);
    const results: Value[] = [];
    for (let step = 0; step < steps; step++) {
      const parts = rows.map((value) => data.rows(output(value, step)));
      results.push(addStep(graph, trained, parts, inputs.ofStep(step), results[step - 1]));
    }
    return { steps, feeds, inputs, output: graph.op('Pack', results, { N: steps }) };
  }

  private feedsOf({ feeds }: BatchProgram, batch: Batch): [Value, Feed][] {
    return parts(batch.count, feeds.length).flatMap(([start, end], index): [Value, Feed][] => {
      const { images, labels, count } = part(batch, start, end);
      const floats =
        images instanceof Uint8Array ? Float32Array.from(images, (byte) => byte / 255) : images;
      return [
        [feeds[index].images, { values: floats, shape: [count, ...this.trained.imageShape] }],
        [feeds[index].labels, { values: Int32Array.from(labels), shape: [count] }],
      ];
    });
  }

  /** Runs a program on batches of `count` images, and gives the means of each. */
  private run(
    { steps, inputs, output }: Program,
    feeds: readonly [Value, Feed][],
    count: number,
    drawSeed?: () => number,
  ): LossAndAccuracy[] {
    const all = new Map(feeds);
    if (inputs !== undefined && drawSeed !== undefined) {
      const seeds = Int32Array.from({ length: 2 * steps }, drawSeed);
      const numbers = Array.from({ length: steps }, () => this.nextInputs());
      all.set(inputs.seeds, { values: seeds, shape: [steps, 2] });
      const values = Float32Array.from(numbers.flat());
      all.set(inputs.numbers, { values, shape: [values.length] });
    }
    const [results] = this.session.run(all, [output]);
    return Array.from({ length: steps }, (_, step) => {
      const [loss, correct, penalty] = results.subarray(3 * step, 3 * step + 3);
      return { loss: loss / count + penalty, accuracy: correct / count };
    });
  }
}

/** What can be run: steps one after the other, or a scoring. */
interface Program {
  readonly steps: number;
  readonly inputs?: { readonly seeds: Value; readonly numbers: Value };
  readonly output: Value;
}

/** A program on images that are fed, in one or more parts. */
interface BatchProgram extends Program {
  readonly feeds: readonly BatchInGraph[];
}

/** A program on rows of the data, in one or more parts. */
interface RowsProgram extends Program {
  readonly feeds: readonly Value[];
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

/** Whether a step of a network takes so little time that the way into a run would count. */
function isSmall({ plan }: Network): boolean {
  const onlyRows = plan.every(({ layer }) => !/Conv|Pool/.test(layer.getClassName()));
  const weights = plan.reduce((sum, { layer }) => sum + layer.countParams(), 0);
  return onlyRows && weights < weightsOfSmall;
}

/** Gives the program for a batch: with parts, where none of them would be empty. */
function fitting<P extends { readonly feeds: readonly unknown[] }>(
  programs: readonly P[],
  count: number,
): P {
  return programs.find(({ feeds }) => count >= feeds.length) as P;
}

/** Gives the start and end of each part of a batch. */
function parts(count: number, length: number): [start: number, end: number][] {
  const borders = Array.from({ length: length + 1 }, (_, i) => Math.round((i * count) / length));
  return borders.slice(1).map((end, index) => [borders[index], end]);
}

function part({ images, labels, count }: Batch, start: number, end: number): Batch {
  const size = images.length / count;
  return {
    images: images.subarray(start * size, end * size),
    labels: labels.subarray(start, end),
    count: end - start,
  };
}

/** Feeds the rows of batches of one size. */
function feedsOfRows(
  { feeds }: RowsProgram,
  batches: readonly ArrayLike<number>[],
): [Value, Feed][] {
  return parts(batches[0].length, feeds.length).map(([start, end], index) => {
    const values = new Int32Array(batches.length * (end - start));
    batches.forEach((rows, batch) => {
      values.set(Array.prototype.slice.call(rows, start, end), batch * (end - start));
    });
    return [feeds[index], { values, shape: [batches.length, end - start] }];
  });
}
