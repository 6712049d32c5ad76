import os from 'node:os';
import { tf } from '../tensorflow';
import { DataType, Graph, type Session, type Value } from './graph';
import { fuseModel } from './layers';
import { addLayers, Pass } from './network';

/** Images that a core takes at a time: few enough for its cache, enough to be worth a call. */
const imagesPerPart = 125;

/** A graph of a model, with one input and one output for every part of the images. */
interface Prediction {
  readonly layers: readonly tf.layers.Layer[];
  readonly weights: readonly Value[];
  readonly images: readonly Value[];
  readonly probabilities: readonly Value[];
  readonly session: Session;
}

const predictions = new WeakMap<tf.LayersModel, Prediction>();
const unused = new FinalizationRegistry((session: Session) => session.dispose());

/**
 * Asks a network for the probabilities of every class by one TensorFlow graph, in which as many
 * parts of the images as there are cores run side by side.
 *
 * The graph is made at a model's first prediction and kept as long as the model is in use. It
 * holds no weights: every run takes the model's as they are.
 *
 * @param images - Pixels of n images of the model's size, one after the other.
 * @returns n rows of probabilities, row-major; nothing, where the backend is not native TensorFlow
 *   or `fuseModel` does not cover the model.
 */
export function predictFused(
  model: tf.LayersModel,
  images: Float32Array,
): Float32Array | undefined {
  const prediction = tf.getBackend() === 'tensorflow' ? predictionOf(model) : undefined;
  if (prediction === undefined) {
    return undefined;
  }
  const [pixels, classes] = [model.inputs[0], model.outputs[0]].map(({ shape }) =>
    (shape.slice(1) as number[]).reduce((product, size) => product * size, 1),
  );
  const count = images.length / pixels;
  const probabilities = new Float32Array(count * classes);
  const atATime = imagesPerPart * prediction.images.length;
  for (let start = 0; start < count; start += atATime) {
    const some = images.subarray(start * pixels, (start + atATime) * pixels);
    const rows = tf.tidy(() => predictParts(model, prediction, some, pixels));
    let end = start * classes;
    for (const part of rows) {
      probabilities.set(part, end);
      end += part.length;
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
  const inputs = new Map<Value, tf.Tensor>();
  prediction.weights.forEach((input, index) => inputs.set(input, model.weights[index].read()));
  for (let part = 0; part < used; part++) {
    const rows = images.subarray(part * size * pixels, (part + 1) * size * pixels);
    const shape = [rows.length / pixels, ...(model.inputs[0].shape.slice(1) as number[])];
    inputs.set(prediction.images[part], tf.tensor(rows, shape));
  }
  const results = prediction.session.run(inputs, prediction.probabilities.slice(0, used));
  return results.map((result) => result.dataSync() as Float32Array);
}

function predictionOf(model: tf.LayersModel): Prediction | undefined {
  const known = predictions.get(model);
  const { layers } = model;
  // Layers may have been added or removed since.
  if (known?.layers.length === layers.length && layers.every((l, i) => l === known.layers[i])) {
    return known;
  }
  const fused = fuseModel(model);
  if (fused === undefined) {
    return undefined;
  }
  const graph = new Graph();
  const weights = model.weights.map(({ shape }) => graph.input(DataType.float, shape as number[]));
  const imageShape = model.inputs[0].shape.slice(1) as number[];
  const images = Array.from({ length: os.availableParallelism() }, () =>
    graph.input(DataType.float, [-1, ...imageShape]),
  );
  const probabilities = images.map((input) => {
    const pass = new Pass(graph, model.weights, weights);
    return graph.float('Softmax', [addLayers(pass, fused, input).output]);
  });
  const session = graph.load();
  const prediction = { layers: [...layers], weights, images, probabilities, session };
  predictions.set(model, prediction);
  unused.register(model, session);
  return prediction;
}
