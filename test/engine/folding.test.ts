import assert from 'node:assert/strict';
import { predictInGraph } from '../../lib/engine';
import { foldNormalizations } from '../../lib/engine/folding';
import { networkOf, type Network } from '../../lib/engine/network';
import { seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { assertClose, images, softmaxLayer, stockPrediction, stripes } from './fixtures';

const { layers } = tf;
const convolution = { filters: 4, kernelSize: 3 } as const;

/** The layers that a normalization follows, with whether they take it in. */
const cases: [name: string, make: () => tf.layers.Layer[], isTakenIn: boolean][] = [
  ['a convolution', () => [layers.conv2d({ ...images, ...convolution })], true],
  [
    'a convolution without bias',
    () => [layers.conv2d({ ...images, ...convolution, useBias: false, padding: 'same' })],
    true,
  ],
  [
    'a depthwise convolution',
    () => [layers.depthwiseConv2d({ ...images, kernelSize: 3, depthMultiplier: 3 })],
    true,
  ],
  ['a separable convolution', () => [layers.separableConv2d({ ...images, ...convolution })], true],
  ['a dense layer', () => [layers.flatten(images), layers.dense({ units: 5 })], true],
  [
    'a convolution with relu',
    () => [layers.conv2d({ ...images, ...convolution, activation: 'relu' })],
    false,
  ],
  ['pooling', () => [layers.maxPooling2d({ ...images, poolSize: 2 })], false],
];

for (const [name, make, isTakenIn] of cases) {
  it(`foldNormalizations(network) ${isTakenIn ? 'folds into' : 'leaves after'} ${name}`, () => {
    const stack = [...make(), layers.batchNormalization()];
    const isOfImages = !stack.some((layer) => layer.getClassName() === 'Flatten');
    const end = isOfImages ? [layers.flatten(), softmaxLayer()] : [softmaxLayer()];
    const model = tf.sequential({ layers: [...stack, ...end] });
    drawWeights(model);
    assert.equal(replacedWeights(model), isTakenIn);
    const { images: pixels } = stripes(9, 1);
    const probabilities = predictInGraph(model, pixels)!;
    assertClose(probabilities, stockPrediction(model, pixels), 1e-5, 'probabilities');
    model.dispose();
  });
}

it('foldNormalizations(network) leaves a layer whose output another layer takes, too', () => {
  const input = tf.input({ shape: [12, 12, 1] });
  const convolved = layers.conv2d(convolution).apply(input) as tf.SymbolicTensor;
  const normalized = layers.batchNormalization().apply(convolved) as tf.SymbolicTensor;
  const sum = layers.add().apply([convolved, normalized]) as tf.SymbolicTensor;
  const flat = layers.flatten().apply(sum) as tf.SymbolicTensor;
  const outputs = softmaxLayer().apply(flat) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs });
  drawWeights(model);
  assert.equal(replacedWeights(model), false);
  const { images: pixels } = stripes(9, 1);
  const probabilities = predictInGraph(model, pixels)!;
  assertClose(probabilities, stockPrediction(model, pixels), 1e-5, 'probabilities');
  model.dispose();
});

it('foldNormalizations(network) leaves a layer that is used twice', () => {
  const input = tf.input({ shape: [12, 12, 1] });
  const shared = layers.conv2d({ filters: 1, kernelSize: 3 });
  const first = shared.apply(input) as tf.SymbolicTensor;
  const normalized = layers.batchNormalization().apply(first) as tf.SymbolicTensor;
  const second = shared.apply(normalized) as tf.SymbolicTensor;
  const flat = layers.flatten().apply(second) as tf.SymbolicTensor;
  const model = tf.model({
    inputs: input,
    outputs: softmaxLayer().apply(flat) as tf.SymbolicTensor,
  });
  drawWeights(model);
  assert.equal(replacedWeights(model), false);
  const { images: pixels } = stripes(9, 1);
  const probabilities = predictInGraph(model, pixels)!;
  // The second pass enlarges what rounding did in the first, by another amount on each processor.
  assertClose(probabilities, stockPrediction(model, pixels), 1e-4, 'probabilities');
  model.dispose();
});

/** Whether a normalization of the model was folded, by the weights that it replaced. */
function replacedWeights(model: tf.LayersModel): boolean {
  const before = valuesOf(model);
  const after = new Map(before);
  foldNormalizations(networkOf(model) as Network, after);
  return [...before].some(([weight, values]) => after.get(weight) !== values);
}

function valuesOf(model: tf.LayersModel): Map<tf.LayerVariable, Float32Array> {
  const weights = model.weights as unknown as tf.LayerVariable[];
  return new Map(weights.map((weight) => [weight, weight.read().dataSync() as Float32Array]));
}

/** Draws all weights from 0.1 to 0.9, so that no normalization is the identity. */
function drawWeights(model: tf.LayersModel): void {
  const random = seededRandom(3, 'weights');
  const weights = model.getWeights().map(({ shape, size }) => {
    return tf.tensor(
      Float32Array.from({ length: size }, () => 0.1 + 0.8 * random()),
      shape,
    );
  });
  model.setWeights(weights);
  tf.dispose(weights);
}
