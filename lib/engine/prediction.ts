import os from 'node:os';
import { tf } from '../platform/tensorflow';
import { DataType, Graph, type Value } from './graph';
import { foldNormalizations, type WeightValues } from './folding';
import { networkOf, type Network } from './network';
import { addNetwork, Pass, type NetworkLayer } from './pass';
import { typeOfPrecision, type Precision } from './precision';
import type { Feed, Session } from './session';

/** Bytes of a part's largest layer: few enough for the caches, enough to be worth its call. */
const bytesPerPart = 6.4e6;
/** Images of a part where the layers are small. */
const mostImagesPerPart = 500;

/** A graph of a model, with one input and one output for every part of the images. */
interface Prediction {
  readonly layers: readonly tf.layers.Layer[];
  /** What the weights were: tfjs gives a tensor another of these whenever it assigns to it. */
  readonly weights: readonly object[];
  readonly images: readonly Value[];
  readonly probabilities: readonly Value[];
  readonly imagesPerPart: number;
  readonly session: Session;
}

/** The graphs by the type in which they compute. */
const predictions = new Map(
  [DataType.float, DataType.bfloat16].map((type) => {
    return [type, new WeakMap<tf.LayersModel, Prediction>()];
  }),
);
const unused = new FinalizationRegistry((session: Session) => session.dispose());

/**
 * Asks a network for the probabilities of every class by one TensorFlow graph, in which as many
 * parts of the images as there are cores run side by side.
 *
 * The weights are constants of the graph, so that TensorFlow brings them once into the order that
 * its operations like best. A prediction after they have changed makes the graph anew, which takes
 * 5 to 35 ms for the networks of the bench; it is kept as long as the model is in use.
 *
 * A batch normalization is folded into the layer before it, where that has no activation: the
 * probabilities are those of tfjs to about 1e-6.
 *
 * @param images - Pixels of n images of the model's size, one after the other.
 * @param options.precision - `bfloat16` is faster on processors that have it, and moves probabilities
 *   by a hundredth or two. @default float32
 * @returns n rows of probabilities, row-major; nothing, where the backend is not native TensorFlow
 *   or `networkOf` does not cover the model.
 * @throws RangeError when there is no such precision.
 */
export function predictInGraph(
  model: tf.LayersModel,
  images: Float32Array,
  { precision = 'float32' }: { readonly precision?: Precision } = {},
): Float32Array | undefined {
  const type = typeOfPrecision(precision);
  const prediction = tf.getBackend() === 'tensorflow' ? predictionOf(model, type) : undefined;
  if (prediction === undefined) {
    return undefined;
  }
  const [pixels, classes] = [model.inputs[0], model.outputs[0]].map(({ shape }) => sizeOf(shape));
  const count = images.length / pixels;
  const probabilities = new Float32Array(count * classes);
  const atATime = prediction.imagesPerPart * prediction.images.length;
  for (let start = 0; start < count; start += atATime) {
    const some = images.subarray(start * pixels, (start + atATime) * pixels);
    let end = start * classes;
    for (const rows of predictParts(model, prediction, some, pixels)) {
      probabilities.set(rows, end);
      end += rows.length;
    }
  }
  return probabilities;
}

/** Splits images in parts, none of them empty, and gives the probabilities of each. */
function predictParts(
  model: tf.LayersModel,
  prediction: Prediction,
  images: Float32Array,
  pixels: number,
): Float32Array[] {
  const count = images.length / pixels;
  const size = Math.ceil(count / prediction.images.length);
  const used = Math.ceil(count / size);
  const imageShape = model.inputs[0].shape.slice(1) as number[];
  const inputs = new Map<Value, Feed>();
  for (let part = 0; part < used; part++) {
    const values = images.subarray(part * size * pixels, (part + 1) * size * pixels);
    inputs.set(prediction.images[part], { values, shape: [values.length / pixels, ...imageShape] });
  }
  const outputs = prediction.probabilities.slice(0, used);
  return prediction.session.run(inputs, outputs) as Float32Array[];
}

/** Gives the graph of the model as it is: layers and weights may have changed since the last. */
function predictionOf(model: tf.LayersModel, type: DataType): Prediction | undefined {
  const ofType = predictions.get(type)!;
  const known = ofType.get(model);
  const weights = model.weights.map((weight) => weight.read().dataId);
  if (known && isSame(known.layers, model.layers) && isSame(known.weights, weights)) {
    return known;
  }
  if (known) {
    ofType.delete(model);
    unused.unregister(known);
    known.session.dispose();
  }
  const network = networkOf(model);
  if (typeof network === 'string') {
    return undefined;
  }
  const { graph, images, probabilities } = buildGraph(model, network, type);
  const imagesPerPart = imagesThatFit(network, type);
  const session = graph.load();
  const layers = [...model.layers];
  const prediction = { layers, weights, images, probabilities, imagesPerPart, session };
  ofType.set(model, prediction);
  unused.register(model, session, prediction);
  return prediction;
}

/** Builds the graph, with one input and one output for every core. */
function buildGraph(model: tf.LayersModel, network: Network, type: DataType) {
  const values: WeightValues = new Map(
    model.weights.map((weight) => [
      weight as unknown as tf.LayerVariable,
      weight.read().dataSync() as Float32Array,
    ]),
  );
  const layers = poolFirst({ ...network, layers: foldNormalizations(network, values) });
  const graph = new Graph();
  const weights = [...values.keys()];
  const constants = weights.map((weight) => {
    return graph.constant(values.get(weight)!, weight.shape as number[]);
  });
  const [, ...imageShape] = model.inputs[0].shape as number[];
  const images = Array.from({ length: os.availableParallelism() }, () =>
    graph.input(DataType.float, [-1, ...imageShape]),
  );
  const probabilities = images.map((input) => {
    const pass = new Pass(graph, weights, constants, undefined, type);
    return graph.op('Softmax', [addNetwork(pass, layers, input).output]);
  });
  return { graph, images, probabilities };
}

/**
 * Puts pooling before the batch normalization that it follows, where no channel's scale is
 * negative: rounded or not, the normalization never decreases then, so that the maximum is the
 * same to the bit, and fewer numbers are left to normalize.
 */
function poolFirst({ plan, layers }: Network): readonly NetworkLayer[] {
  const ordered = [...layers];
  plan.forEach(({ layer, inputs }, place) => {
    const before = plan[inputs[0]]?.layer;
    const classes = [before?.getClassName(), layer.getClassName()];
    const isUsedOnce = plan.filter((use) => use.inputs.includes(inputs[0])).length === 1;
    if (String(classes) !== 'BatchNormalization,MaxPooling2D' || !isUsedOnce) return;
    const { gamma } = before as unknown as { gamma: tf.LayerVariable };
    if ((gamma.read().dataSync() as Float32Array).every((scale) => scale >= 0)) {
      const { inputs: images, add: normalize } = layers[inputs[0]];
      ordered[inputs[0]] = { inputs: images, add: layers[place].add };
      ordered[place] = { inputs, add: normalize };
    }
  });
  return ordered;
}

/** Gives how many images a part can have for its largest layer to stay in the caches. */
function imagesThatFit({ plan }: Network, type: DataType): number {
  const bytesEach = type === DataType.float ? 4 : 2;
  const bytes = Math.max(...plan.map(({ outputShape }) => sizeOf(outputShape))) * bytesEach;
  return Math.max(1, Math.min(mostImagesPerPart, Math.floor(bytesPerPart / bytes)));
}

/** Numbers in one image or row of a batch. */
function sizeOf(shape: tf.Shape): number {
  return (shape.slice(1) as number[]).reduce((product, size) => product * size, 1);
}

function isSame(some: readonly object[], others: readonly object[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
