import assert from 'node:assert/strict';
import {
  GraphTraining,
  graphOnlyOptions,
  learningRateAt,
  type GraphTrainingOptions,
} from '../../lib/engine';
import { StockTraining } from '../../lib/training/stockTraining';
import type { DigitSet } from '../../lib/data/digits';
import { DataType, Graph } from '../../lib/engine/graph';
import { typeOfPrecision } from '../../lib/engine/precision';
import { seededRandom, drawSeed } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import keras from '../fixtures/residual.json';
import { assertClose, dataOf, seeds, slice, stripes, tiny, withoutDropout } from './fixtures';

const { layers } = tf;
const adam = (rate = 0.01) => tf.train.adam(rate, 0.9, 0.999, 1e-7);

const runs: [keyof typeof keras.runs, tf.Optimizer, GraphTrainingOptions][] = [
  ['adam', adam(), {}],
  ['adamw', adam(), { weightDecay: 0.1 }],
  ['sgd', tf.train.sgd(0.05), {}],
  ['momentum', tf.train.momentum(0.02, 0.9), {}],
  ['nesterov', tf.train.momentum(0.02, 0.9, true), {}],
  ['cosine', adam(0.02), { schedule: { kind: 'cosine', steps: 10, warmUpSteps: 3 } }],
  ['oneCycle', adam(0.02), { schedule: { kind: 'one-cycle', steps: 10 } }],
  ['smoothing', adam(), { labelSmoothing: 0.1 }],
  ['ema', adam(), { averageDecay: 0.5 }],
];

for (const [name, optimizer, options] of runs) {
  it(`GraphTraining follows Keras through ten steps of a residual network: ${name}`, async () => {
    const { losses, last } = keras.runs[name];
    const model = residual(optimizer);
    const training = await compile(model, options);
    const digits = kerasDigits(losses.length * keras.batchSize);
    losses.forEach((expected, step) => {
      const { loss } = training.step(slice(digits, 6 * step, 6), seeds);
      assertClose([loss], [expected], 1e-3, `loss of step ${step}`);
    });
    await training.save();
    const kernel = model.trainableWeights.at(-2)!;
    assertClose(dataOf(kernel), last, 2e-3, kernel.name);
    training.dispose();
    model.dispose();
  });
}

for (const [name, make] of [
  ['sgd', () => tf.train.sgd(0.05)],
  ['momentum', () => tf.train.momentum(0.02, 0.9)],
  ['Nesterov momentum', () => tf.train.momentum(0.02, 0.9, true)],
] as const) {
  it(`GraphTraining goes on where tfjs stopped, and tfjs where it stopped, with ${name}`, async () => {
    const models = Array.from({ length: 3 }, () => recompiled(make()));
    const digits = stripes(80, 3);
    const run = async (model: tf.LayersModel, first: number, isInGraph: boolean) => {
      const training = isInGraph ? await compile(model) : new StockTraining(model);
      for (let step = first; step < first + 4; step++) {
        await training.step(slice(digits, 10 * step, 10), seeds);
      }
      await training.save();
      training.dispose();
    };
    const order = [
      [false, false],
      [false, true],
      [true, false],
    ];
    for (const [index, [before, after]] of order.entries()) {
      await run(models[index], 0, before);
      await run(models[index], 4, after);
    }
    for (const model of models.slice(1)) {
      model.weights.forEach((weight, index) => {
        assertClose(dataOf(weight), dataOf(models[0].weights[index]), 1e-3, weight.name);
      });
    }
    models.forEach((model) => model.dispose());
  });
}

it('GraphTraining in bfloat16 follows Keras roughly through a residual network', async () => {
  const { losses } = keras.runs.adam;
  const model = residual(adam());
  const training = await compile(model, { precision: 'bfloat16' });
  const digits = kerasDigits(losses.length * keras.batchSize);
  losses.forEach((expected, step) => {
    const { loss } = training.step(slice(digits, 6 * step, 6), seeds);
    assertClose([loss], [expected], 3e-2, `loss of step ${step}`);
  });
  training.dispose();
  model.dispose();
});

it('GraphTraining in bfloat16 makes one network of one seed, to the bit, and not that of 32 bits', async () => {
  const trained = async (precision: 'float32' | 'bfloat16') => {
    const model = buildRegularizedCnn(tiny);
    const training = await compile(model, { precision });
    const random = seededRandom(1, 'dropout');
    const digits = stripes(60, 2);
    for (let step = 0; step < 6; step++) {
      training.step(slice(digits, 10 * step, 10), () => drawSeed(random));
    }
    const { loss } = training.score(digits);
    await training.save();
    training.dispose();
    const weights = model.weights.map(dataOf);
    model.dispose();
    return { loss, weights };
  };
  const first = await trained('bfloat16');
  const other = await trained('float32');
  assert.deepEqual(await trained('bfloat16'), first);
  if (typeOfPrecision('bfloat16') === DataType.float) {
    assert.deepEqual(other, first, 'this processor computes in 32 bits');
  } else {
    assert.notDeepEqual(other.weights, first.weights);
  }
  assertClose([first.loss], [other.loss], 0.05, 'loss');
  // Sums of small steps need all of a float's bits.
  const bits = new Uint32Array(Float32Array.from(first.weights.flat()).buffer);
  assert.ok(bits.some((value) => (value & 0xffff) !== 0));
});

const everything: GraphTrainingOptions = {
  augmentation: { rotation: 10, shift: 0.1, zoom: 0.1, shear: 5 },
  schedule: { kind: 'one-cycle', steps: 6 },
  weightDecay: 0.05,
  labelSmoothing: 0.1,
  averageDecay: 0.7,
};

it('GraphTraining with every option goes on from its own state to the bit', async () => {
  const digits = stripes(60, 2);
  const steps = (training: GraphTraining, first: number, last: number) => {
    const random = seededRandom(first, 'dropout');
    for (let step = first; step < last; step++) {
      training.step(slice(digits, 10 * step, 10), () => drawSeed(random));
    }
  };
  const whole = buildRegularizedCnn(tiny);
  const training = await compile(whole, everything);
  steps(training, 0, 3);
  await training.save();
  steps(training, 3, 6);
  await training.save();
  const parts = buildRegularizedCnn(tiny);
  const first = await compile(parts, everything);
  steps(first, 0, 3);
  await first.save();
  const ownState = first.ownState();
  first.dispose();
  const second = await compile(parts, { ...everything, stepsDone: 3, ownState });
  const schedule = everything.schedule!;
  assert.equal(second.learningRate, learningRateAt(schedule, { step: 3, peak: 0.001 }));
  steps(second, 3, 6);
  await second.save();
  assert.deepEqual(parts.weights.map(dataOf), whole.weights.map(dataOf));
  assert.deepEqual(second.ownState(), training.ownState());
  [training, second].forEach((one) => one.dispose());
  [whole, parts].forEach((model) => model.dispose());
});

it('GraphTraining scores by the averages of the weights, as the saved model does', async () => {
  const model = buildRegularizedCnn(withoutDropout);
  const training = await compile(model, { averageDecay: 0.9 });
  const digits = stripes(40, 1);
  for (let step = 0; step < 4; step++) training.step(slice(digits, 10 * step, 10), seeds);
  await training.save();
  const expected = await new StockTraining(model).score(digits);
  const { loss, accuracy } = training.score(digits);
  assertClose([loss, accuracy], [expected.loss, expected.accuracy], 1e-4, 'scores');
  const own = training.ownState();
  const kernel = dataOf(model.trainableWeights[0]);
  assert.notDeepEqual([...own[0]], kernel);
  training.dispose();
  model.dispose();
});

it('GraphTraining averages weights by less in the first steps', async () => {
  const model = buildRegularizedCnn(withoutDropout);
  const training = await compile(model, { averageDecay: 0.99 });
  let average = dataOf(model.trainableWeights[0]);
  // (1 + step) / (10 + step) stays, from step 0.
  for (const staying of [1 / 10, 2 / 11, 3 / 12]) {
    training.step(stripes(10, 1), seeds);
    const [own] = training.ownState();
    average = average.map((value, at) => staying * value + (1 - staying) * own[at]);
  }
  await training.save();
  assertClose(dataOf(model.trainableWeights[0]), average, 1e-6, 'averages');
  training.dispose();
  model.dispose();
});

it('GraphTraining takes weight decay off kernels only, by the learning rate', async () => {
  const model = buildRegularizedCnn({ ...withoutDropout, learningRate: 0 });
  const training = await compile(model, { weightDecay: 0.5 });
  const before = model.trainableWeights.map(dataOf);
  training.step(stripes(5, 1), seeds);
  await training.save();
  assert.deepEqual(model.trainableWeights.map(dataOf), before);
  training.dispose();
  model.dispose();
});

for (const [options, message] of [
  [{ precision: 'float16' as 'float32' }, /precision is float16; expected float32 or bfloat16/],
  [{ weightDecay: -1 }, /weightDecay is -1; expected a number from 0/],
  [{ labelSmoothing: 1 }, /labelSmoothing is 1; expected a number from 0 to below 1/],
  [{ averageDecay: NaN }, /averageDecay is NaN; expected a number from 0 to below 1/],
  [{ augmentation: { zoom: 1 } }, /augmentation.zoom is 1/],
  [{ schedule: { kind: 'cosine', steps: 0 } }, /schedule.steps is 0/],
] as const) {
  it(`GraphTraining.compile(model, ${JSON.stringify(options)}) refuses it`, async () => {
    const model = buildRegularizedCnn(tiny);
    await assert.rejects(GraphTraining.compile(model, options), message);
    model.dispose();
  });
}

it('GraphTraining.compile(model, options) says so where TensorFlow takes no graph', async () => {
  const model = buildRegularizedCnn(tiny);
  const { load } = Graph.prototype;
  Graph.prototype.load = () => {
    throw new Error('no such kernel');
  };
  try {
    assert.equal(await GraphTraining.compile(model), undefined);
    const options = { weightDecay: 0.1 };
    await assert.rejects(GraphTraining.compile(model, options), /no such kernel/);
  } finally {
    Graph.prototype.load = load;
  }
  model.dispose();
});

it('graphOnlyOptions(options) names what tfjs could not do', () => {
  assert.deepEqual(graphOnlyOptions(everything), [
    'augmentation',
    'schedule',
    'weightDecay',
    'labelSmoothing',
    'averageDecay',
  ]);
  assert.deepEqual(graphOnlyOptions({ precision: 'bfloat16' }), ['precision']);
  assert.deepEqual(
    graphOnlyOptions({ precision: 'float32', replicas: 2, weightDecay: 0, averageDecay: 0 }),
    [],
  );
});

async function compile(
  model: tf.LayersModel,
  options: GraphTrainingOptions = {},
): Promise<GraphTraining> {
  const training = await GraphTraining.compile(model, options);
  assert.ok(training, `${model.name} is covered`);
  return training;
}

function recompiled(optimizer: tf.Optimizer): tf.LayersModel {
  const model = buildRegularizedCnn(withoutDropout);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** The network that make_residual.py describes, with its start. */
function residual(optimizer: tf.Optimizer): tf.LayersModel {
  const image = tf.input({ shape: [8, 10, 1] });
  const weighted: tf.layers.Layer[] = [];
  const apply = (layer: tf.layers.Layer, input: tf.SymbolicTensor | tf.SymbolicTensor[]) => {
    const output = layer.apply(input) as tf.SymbolicTensor;
    if (layer.weights.length > 0) weighted.push(layer);
    return output;
  };
  const kernelRegularizer = tf.regularizers.l2({ l2: 0.01 });
  const padded = { kernelSize: 3, padding: 'same' } as const;
  let x = apply(layers.zeroPadding2d({ padding: 1 }), image);
  x = apply(layers.conv2d({ filters: 4, kernelSize: 3, kernelRegularizer }), x);
  x = apply(layers.batchNormalization(), x);
  x = apply(layers.activation({ activation: 'relu' }), x);
  let y = apply(layers.depthwiseConv2d(padded), x);
  y = apply(layers.batchNormalization(), y);
  y = apply(layers.reLU(), y);
  y = apply(layers.separableConv2d({ filters: 4, ...padded }), y);
  x = apply(layers.add(), [x, y]);
  const pools = [layers.averagePooling2d({ poolSize: 2 }), layers.maxPooling2d({ poolSize: 2 })];
  const pooled = pools.map((layer) => apply(layer, x));
  x = apply(layers.globalAveragePooling2d({}), apply(layers.concatenate(), pooled));
  x = apply(layers.dense({ units: 5, activation: 'relu' }), x);
  x = apply(layers.dense({ units: 3 }), x);
  const outputs = apply(layers.activation({ activation: 'softmax' }), x);
  const model = tf.model({ inputs: image, outputs });
  const start = keras.start.filter((values) => values.length > 0);
  weighted.forEach((layer, index) => {
    const tensors = layer.getWeights().map(({ shape }, i) => tf.tensor(start[index][i], shape));
    layer.setWeights(tensors);
    tf.dispose(tensors);
  });
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** The images and labels that make_residual.py describes. */
function kerasDigits(count: number): DigitSet {
  const images = Float32Array.from({ length: count * 80 }, (_, pixel) => {
    const [image, row, column] = [Math.floor(pixel / 80), Math.floor(pixel / 10) % 8, pixel % 10];
    return ((row * row * 3 + row * column * (image + 1) + column * 5 + image * 31) % 17) / 16;
  });
  const labels = Uint8Array.from({ length: count }, (_, image) => Math.floor((image * 7) / 2) % 3);
  return { images, labels, count };
}
