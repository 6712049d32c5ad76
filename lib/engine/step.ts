import type { tf } from '../platform/tensorflow';
import { addAugmentation } from './augmentation';
import { addCrossEntropy } from './crossEntropy';
import type { BatchInGraph } from './data';
import { DataType, output, type Graph, type Value } from './graph';
import type { Network } from './network';
import type { GraphOptimizer } from './optimizers/optimizer';
import type { GraphTrainingOptions } from './options';
import { addNetwork, Pass } from './pass';
import { addPenalties } from './penalty';
import type { Variables } from './variables';
import type { WeightAverages } from './weightAverages';
import type { WeightDecay } from './weightDecay';

/** What a graph trains, and how. */
export interface Trained {
  readonly network: Network;
  /** Every weight of the network, and those that the steps change by gradients. */
  readonly weights: readonly tf.LayerVariable[];
  readonly trained: readonly tf.LayerVariable[];
  readonly variables: Variables;
  readonly optimizer: GraphOptimizer;
  readonly decay?: WeightDecay;
  readonly averages?: WeightAverages;
  readonly options: GraphTrainingOptions;
  /** In which the layers compute. */
  readonly type: DataType;
  /** Sizes of one image. */
  readonly imageShape: readonly number[];
  readonly classCount: number;
}

/** What a step is fed beside its images. */
export interface StepInputs {
  /** Two 32-bit numbers that decide what is drawn at random. */
  readonly seeds: Value;
  /** Scalars for the optimizer, the decay and the averages. */
  readonly numbers: readonly Value[];
}

/** Adds what the steps in one run are fed. */
export function addStepInputs(
  graph: Graph,
  { optimizer, decay, averages }: Trained,
  steps: number,
): { seeds: Value; numbers: Value; ofStep(step: number): StepInputs } {
  const counts = [optimizer, decay, averages].map((part) => part?.inputCount ?? 0);
  const inputCount = counts.reduce((sum, count) => sum + count);
  const seeds = graph.input(DataType.int32, [steps, 2]);
  const numbers = graph.input(DataType.float, [steps * inputCount]);
  const ofSeeds = graph.op('Unpack', [seeds], { num: steps });
  const ofNumbers = graph.op('Unpack', [numbers], { num: steps * inputCount });
  return {
    seeds,
    numbers,
    ofStep: (step) => ({
      seeds: output(ofSeeds, step),
      numbers: Array.from({ length: inputCount }, (_, index) => {
        return output(ofNumbers, step * inputCount + index);
      }),
    }),
  };
}

/**
 * Adds a step of training.
 *
 * @param parts - The batch in parts, which run side by side.
 * @param after - A value that must exist before the weights are read, of the step before this.
 * @returns A vector: loss summed over the batch, images read rightly, penalty. The loss is NaN when
 *   a gradient is not finite.
 */
export function addStep(
  graph: Graph,
  to: Trained,
  parts: readonly BatchInGraph[],
  inputs: StepInputs,
  after?: Value,
): Value {
  const count = addCount(graph, parts);
  const values = to.variables.read(after);
  const { classCount, options } = to;
  const labelling = { classCount, smoothing: options.labelSmoothing };
  const runs = parts.map(({ images, labels }, index) => {
    const offset = graph.constant(Int32Array.of(index, 0));
    const seeds = graph.op('AddV2', [inputs.seeds, offset]);
    const pass = new Pass(graph, to.weights, values, seeds, to.type);
    const { output, backward } = addNetwork(
      pass,
      to.network.layers,
      addAugmented(pass, to, images),
    );
    const entropy = addCrossEntropy(graph, output, labels, count, labelling);
    backward(entropy.gradient);
    return { pass, entropy };
  });
  const passes = runs.map(({ pass }) => pass);
  const penalty = addPenalties(passes[0], to.network.penalties);
  const gradients = to.trained.map((weight) =>
    graph.sum(passes.map((pass) => pass.gradientBy(weight))),
  );
  const updates = [
    ...addUpdates(passes[0], to, gradients, inputs.numbers, after),
    ...moveAverages(passes, to),
  ];
  const correct = graph.sum(runs.map(({ entropy }) => entropy.correct));
  const losses = runs.map(({ entropy }) => entropy.loss);
  const loss = graph.sum([...losses, addFiniteCheck(graph, gradients)]);
  return graph.after(graph.op('Pack', [loss, correct, penalty], { N: 3 }), updates);
}

/** Moves the images of a pass, where there is an augmentation. */
function addAugmented(pass: Pass, { options, imageShape }: Trained, images: Value): Value {
  const { augmentation } = options;
  if (augmentation === undefined) return images;
  return addAugmentation(pass.graph, images, imageShape, augmentation, pass.drawSeeds()).images;
}

/** Adds what changes the trained weights by their gradients: decay, optimizer, then averages. */
function addUpdates(
  pass: Pass,
  { trained, weights, variables, optimizer, decay, averages }: Trained,
  gradients: readonly Value[],
  numbers: readonly Value[],
  after?: Value,
): Value[] {
  const handles = trained.map((weight) => variables.handles[weights.indexOf(weight)]);
  const values = trained.map((weight) => pass.readFloat(weight));
  const shapes = trained.map(({ shape }) => shape);
  const forDecay = numbers.slice(optimizer.inputCount);
  const forAverages = forDecay.slice(decay?.inputCount ?? 0);
  const decayed = decay?.addStep(handles, values, gradients, shapes, forDecay) ?? gradients;
  const steps = optimizer.addStep(handles, decayed, numbers);
  return [...steps, ...(averages?.addStep(handles, steps, forAverages, after) ?? [])];
}

/**
 * Adds the scoring of a batch by the averages, where there are such, without a penalty, as tfjs
 * does it.
 *
 * @returns A vector: loss summed over the batch, images read rightly, 0.
 */
export function addScore(
  graph: Graph,
  { network, weights, trained, variables, averages, classCount, type }: Trained,
  parts: readonly BatchInGraph[],
): Value {
  const count = addCount(graph, parts);
  const averaged = averages?.variables.read();
  const values = variables.read().map((own, index) => {
    return averaged?.[trained.indexOf(weights[index])] ?? own;
  });
  const scores = parts.map(({ images, labels }) => {
    const pass = new Pass(graph, weights, values, undefined, type);
    const { output } = addNetwork(pass, network.layers, images);
    return addCrossEntropy(graph, output, labels, count, { classCount });
  });
  const loss = graph.sum(scores.map(({ loss }) => loss));
  const correct = graph.sum(scores.map(({ correct }) => correct));
  return graph.op('Pack', [loss, correct, graph.scalar(0)], { N: 3 });
}

function addCount(graph: Graph, parts: readonly BatchInGraph[]): Value {
  return graph.sum(
    parts.map(({ labels }) => graph.cast(graph.op('Size', [labels]), DataType.float)),
  );
}

/** Adds the operations that move averages to the mean over the passes. */
function moveAverages(passes: readonly Pass[], { weights, variables }: Trained): Value[] {
  const { graph } = passes[0];
  return passes[0].statistics.map(({ average, momentum }, index) => {
    const sum = graph.sum(passes.map(({ statistics }) => statistics[index].ofBatch));
    const mean = graph.op('Mul', [sum, graph.scalar(1 / passes.length)]);
    const distance = graph.op('Sub', [passes[0].readFloat(average), mean]);
    const step = graph.op('Mul', [distance, graph.scalar(1 - momentum)]);
    const dtype = { type: DataType.float };
    const handle = variables.handles[weights.indexOf(average)];
    return graph.add('AssignSubVariableOp', [handle, step], { dtype });
  });
}

/**
 * Adds 0 where all gradients are finite, else NaN: a relu that oneDNN fuses gives 0 for NaN, so
 * that the loss alone would not show that a training is lost.
 */
function addFiniteCheck(graph: Graph, gradients: readonly Value[]): Value {
  const norms = graph.sum(gradients.map((gradient) => graph.op('L2Loss', [gradient])));
  return graph.op('Mul', [norms, graph.scalar(0)]);
}
