import assert from 'node:assert/strict';
import { DataType, Graph, type Value } from '../../../lib/engine/graph';
import { layerInGraph } from '../../../lib/engine/network';
import { addNetwork, Pass, type LayerInGraph } from '../../../lib/engine/pass';
import { planOf } from '../../../lib/engine/plan';
import type { Feed } from '../../../lib/engine/session';
import { Variables } from '../../../lib/engine/variables';
import { seededRandom } from '../../../lib/platform/random';
import { tf } from '../../../lib/platform/tensorflow';
import { assertClose } from '../fixtures';

const { layers } = tf;

/** Puts layers between an input and an output. */
type Branch = (input: tf.SymbolicTensor) => tf.SymbolicTensor;

const layerCases: [name: string, make: () => tf.layers.Layer | Branch, inputShape: number[]][] = [
  ['a convolution', () => layers.conv2d({ filters: 3, kernelSize: 3 }), [4, 7, 5, 2]],
  ['a relu convolution', () => reluConvolution({}), [3, 6, 9, 2]],
  ['a convolution of one image with one channel', () => reluConvolution({}), [1, 5, 7, 1]],
  ['a padded convolution', () => reluConvolution({ padding: 'same' }), [3, 5, 7, 1]],
  ['a strided convolution', () => reluConvolution({ strides: 2, padding: 'same' }), [2, 7, 9, 3]],
  ['a convolution without bias', () => reluConvolution({ useBias: false }), [2, 5, 5, 2]],
  ['a dense layer', () => layers.dense({ units: 4 }), [5, 7]],
  ['a relu dense layer', () => layers.dense({ units: 4, activation: 'relu' }), [5, 7]],
  ['a dense layer on one row', () => layers.dense({ units: 3, activation: 'relu' }), [1, 9]],
  ['batch normalization of images', () => layers.batchNormalization({}), [3, 5, 7, 2]],
  ['batch normalization of one image', () => layers.batchNormalization({}), [1, 3, 5, 1]],
  ['batch normalization of rows', () => layers.batchNormalization({ epsilon: 0.1 }), [6, 4]],
  ['batch normalization of one row', () => layers.batchNormalization({}), [1, 4]],
  ['max pooling', () => layers.maxPooling2d({ poolSize: 2 }), [2, 6, 4, 3]],
  ['max pooling of odd images', () => layers.maxPooling2d({ poolSize: 2 }), [3, 7, 5, 1]],
  [
    'padded max pooling with overlap',
    () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
    [1, 7, 9, 2],
  ],
  ['flattening', () => layers.flatten(), [2, 3, 5, 2]],
  ['an activation', () => layers.activation({ activation: 'relu' }), [2, 3, 4, 2]],
  ['a linear activation', () => linearBranch, [3, 4]],
  ['the layer ReLU', () => layers.reLU(), [2, 3, 4, 2]],
  ['average pooling', () => layers.averagePooling2d({ poolSize: 2 }), [2, 6, 4, 3]],
  [
    'padded average pooling with overlap',
    () => layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
    [2, 7, 5, 2],
  ],
  ['global average pooling', () => layers.globalAveragePooling2d({}), [3, 4, 5, 2]],
  ['a depthwise convolution', () => layers.depthwiseConv2d({ kernelSize: 3 }), [2, 6, 5, 3]],
  [
    'a padded relu depthwise convolution of several maps a channel',
    () =>
      layers.depthwiseConv2d({
        kernelSize: 3,
        depthMultiplier: 2,
        strides: 2,
        padding: 'same',
        activation: 'relu',
      }),
    [2, 7, 6, 2],
  ],
  ['a separable convolution', () => separableConvolution({}), [2, 6, 5, 3]],
  [
    'a padded separable convolution without bias',
    () => separableConvolution({ padding: 'same', strides: 2, useBias: false, depthMultiplier: 2 }),
    [2, 5, 7, 2],
  ],
  [
    'zero padding',
    () =>
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    [2, 3, 4, 2],
  ],
  ['a sum of branches', () => sumOfBranches, [2, 5, 5, 2]],
  ['joined branches', () => joinedBranches, [2, 5, 4, 2]],
  ['a layer used twice', () => usedTwice, [2, 5, 5, 2]],
  ['a model used twice', () => modelUsedTwice, [3, 4]],
  ['an output used three times', () => (input) => sum([input, input, input]), [2, 3]],
];

for (const [name, make, inputShape] of layerCases) {
  it(`layerKinds give ${name} the output and gradients of tfjs`, () => {
    const model = startedModel(make(), inputShape);
    const input = tf.randomNormal(inputShape, 0, 1, 'float32', 3);
    const inGraph = new ModelInGraph(model, input);
    const stock = tf.tidy(() => {
      const direction = inGraph.direction;
      const forward = (x: tf.Tensor) => model.apply(x, { training: true }) as tf.Tensor;
      const along = (x: tf.Tensor) => forward(x).mul(direction).sum() as tf.Scalar;
      const byInput = tf.grad(along)(input);
      const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const byWeights =
        weights.length > 0 ? tf.variableGrads(() => along(input), weights).grads : {};
      return [forward(input), byInput, ...weights.map(({ name }) => byWeights[name])];
    });
    inGraph.outputAndGradients(input).forEach((values, index) => {
      assertClose(values, stock[index].dataSync(), 1e-4, `result ${index}`);
    });
    tf.dispose([...stock, input]);
    inGraph.dispose();
    model.dispose();
  });

  it(`layerKinds give ${name} the gradients of central differences`, () => {
    const model = startedModel(make(), inputShape);
    const input = tf.randomNormal(inputShape, 0, 1, 'float32', 3);
    const inGraph = new ModelInGraph(model, input);
    const [, byInput, ...byWeights] = inGraph.outputAndGradients(input);
    const width = 1e-3;
    const projection = (point: tf.Tensor) => {
      const [output] = inGraph.outputAndGradients(point);
      const direction = inGraph.direction.dataSync();
      return output.reduce((sum, value, index) => sum + value * direction[index], 0);
    };
    const differences = (at: tf.Tensor, value: (point: tf.Tensor) => number) =>
      Array.from({ length: at.size }, (_, index) => {
        const [above, below] = [width, -width].map((step) => {
          const point = at.dataSync().slice();
          point[index] += step;
          const tensor = tf.tensor(point, at.shape);
          const result = value(tensor);
          tensor.dispose();
          return result;
        });
        return (above - below) / (2 * width);
      });
    assertClose(byInput, differences(input, projection), 2e-2, 'by input');
    model.trainableWeights.forEach((weight, index) => {
      const start = weight.read().clone();
      const numeric = differences(start, (point) => {
        weight.write(point);
        inGraph.loadWeights();
        return projection(input);
      });
      weight.write(start);
      start.dispose();
      inGraph.loadWeights();
      assertClose(byWeights[index], numeric, 2e-2, `by ${weight.name}`);
    });
    input.dispose();
    inGraph.dispose();
    model.dispose();
  });
}

for (const rate of [0.25, 0.5, 0.9]) {
  it(`layerKinds.Dropout drops ${rate} of the units and scales the others`, () => {
    const input = tf.ones([50, 19, 7, 3]);
    const model = startedModel(layers.dropout({ rate }), input.shape);
    const inGraph = new ModelInGraph(model, input);
    const [output, byInput] = inGraph.outputAndGradients(input);
    const dropped = output.filter((value) => value === 0).length;
    const deviation = Math.sqrt(input.size * rate * (1 - rate));
    assert.ok(Math.abs(dropped - rate * input.size) < 4 * deviation, `${dropped} dropped`);
    const direction = inGraph.direction.dataSync();
    output.forEach((value, index) => {
      assert.ok(
        value === 0 || Math.abs(value * (1 - rate) - 1) < 1e-4,
        `unit ${index} is ${value}`,
      );
      assert.ok(Math.abs(byInput[index] - value * direction[index]) < 1e-5);
    });
    inGraph.dispose();
    input.dispose();
  });
}

it('layerKinds.Dropout draws another mask at every step and in every layer', () => {
  const model = tf.sequential();
  model.add(layers.dropout({ rate: 0.5, inputShape: [100] }));
  model.add(layers.dropout({ rate: 0.5 }));
  const graph = new Graph();
  const seeds = graph.input(DataType.int32, [2]);
  const pass = new Pass(graph, [], [], seeds);
  const placeholder = graph.input(DataType.float);
  const outputs = planOf(model)
    .slice(1)
    .map(
      (use) =>
        addNetwork(pass, [{ inputs: [], add: layerInGraph(use) as LayerInGraph }], placeholder)
          .output,
    );
  const session = graph.load();
  const masks = [1, 2].flatMap((seed) => {
    const inputs = new Map<Value, Feed>([
      [placeholder, { values: new Float32Array(400).fill(1), shape: [4, 100] }],
      [seeds, { values: Int32Array.of(seed, 7), shape: [2] }],
    ]);
    return session.run(inputs, outputs).map((mask) => [...mask]);
  });
  const different = masks.flatMap((one, index) =>
    masks.slice(index + 1).map((other) => one.filter((value, i) => value !== other[i]).length),
  );
  assert.ok(
    different.every((count) => count > 150 && count < 250),
    String(different),
  );
  session.dispose();
  model.dispose();
});

/** A model in a graph, in training, with the gradients of its output along a direction. */
class ModelInGraph {
  readonly direction: tf.Tensor;
  private readonly graph = new Graph();
  private readonly input = this.graph.input(DataType.float);
  private readonly along = this.graph.input(DataType.float);
  private readonly variables: Variables;
  private readonly outputs;
  private readonly session;

  constructor(
    private readonly model: tf.LayersModel,
    input: tf.Tensor,
  ) {
    const [, ...outputShape] = model.outputs[0].shape as number[];
    this.direction = tf.randomNormal([input.shape[0], ...outputShape], 0, 1, 'float32', 4);
    const { graph } = this;
    const shapes = model.weights.map(({ shape }) => shape as number[]);
    this.variables = new Variables(graph, 'weight', shapes);
    const seeds = graph.constant(Int32Array.of(1, 2));
    const pass = new Pass(graph, model.weights, this.variables.read(), seeds);
    const network = planOf(model).map((use) => {
      const add = layerInGraph(use);
      assert.ok(typeof add !== 'string', `${use.layer.name} ${add}`);
      return { inputs: use.inputs, add };
    });
    const { output, backward } = addNetwork(pass, network, this.input);
    const byInput = backward(this.along);
    const byWeights = model.trainableWeights.map((weight) => pass.gradientBy(weight));
    this.outputs = [output, byInput, ...byWeights];
    this.session = graph.load();
    this.loadWeights();
  }

  loadWeights(): void {
    const values = this.model.weights.map((weight) => weight.read().dataSync() as Float32Array);
    this.variables.assign(this.session, values);
  }

  outputAndGradients(input: tf.Tensor): Float32Array[] {
    const feeds = new Map([
      [this.input, feedOf(input)],
      [this.along, feedOf(this.direction)],
    ]);
    return this.session.run(feeds, this.outputs) as Float32Array[];
  }

  dispose(): void {
    this.direction.dispose();
    this.session.dispose();
  }
}

function feedOf(tensor: tf.Tensor): Feed {
  return { values: tensor.dataSync() as Float32Array, shape: tensor.shape };
}

function startedModel(made: tf.layers.Layer | Branch, inputShape: number[]): tf.LayersModel {
  const input = tf.input({ shape: inputShape.slice(1) });
  const output = made instanceof tf.layers.Layer ? made.apply(input) : made(input);
  const model = tf.model({ inputs: input, outputs: output as tf.SymbolicTensor });
  const random = seededRandom(5, 'weights');
  const weights = model.getWeights().map(({ shape, size }) => {
    return tf.tensor(
      Float32Array.from({ length: size }, () => 0.3 + random()),
      shape,
    );
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

function applied(layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor {
  return layer.apply(inputs.length === 1 ? inputs[0] : inputs) as tf.SymbolicTensor;
}

function sum(inputs: tf.SymbolicTensor[]): tf.SymbolicTensor {
  return applied(layers.add(), ...inputs);
}

function linearBranch(input: tf.SymbolicTensor): tf.SymbolicTensor {
  return sum([applied(layers.activation({ activation: 'linear' }), input), input]);
}

/** A residual block: the input goes on beside two layers. */
function sumOfBranches(input: tf.SymbolicTensor): tf.SymbolicTensor {
  const convolved = applied(reluConvolution({ padding: 'same' }), input);
  const normalized = applied(layers.batchNormalization(), convolved);
  return applied(layers.reLU(), sum([normalized, input, convolved]));
}

function joinedBranches(input: tf.SymbolicTensor): tf.SymbolicTensor {
  const pooled = applied(layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }), input);
  const convolved = applied(reluConvolution({ filters: 3, padding: 'same' }), input);
  const rows = [pooled, applied(layers.concatenate({ axis: 1 }), input, input)];
  const wide = applied(layers.concatenate(), rows[0], convolved);
  return applied(
    layers.concatenate(),
    applied(layers.flatten(), wide),
    applied(layers.flatten(), rows[1]),
  );
}

function usedTwice(input: tf.SymbolicTensor): tf.SymbolicTensor {
  const shared = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'relu' });
  return applied(shared, applied(shared, input));
}

function modelUsedTwice(input: tf.SymbolicTensor): tf.SymbolicTensor {
  const shared = tf.sequential({
    layers: [
      layers.dense({ units: 4, inputShape: [4], activation: 'relu' }),
      layers.dense({ units: 4 }),
    ],
  });
  return sum([applied(shared, applied(shared, input)), input]);
}

function reluConvolution(options: object): tf.layers.Layer {
  return layers.conv2d({ filters: 2, kernelSize: 3, activation: 'relu', ...options });
}

function separableConvolution(options: object): tf.layers.Layer {
  return layers.separableConv2d({ filters: 3, kernelSize: 3, activation: 'relu', ...options });
}
