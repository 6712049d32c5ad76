import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GraphTraining } from '../../lib/engine';
import type { DigitSet } from '../../lib/data/digits';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import { predict } from '../../lib/training/predict';
import { drawSeed, seededRandom } from '../../lib/platform/random';
import { StockTraining } from '../../lib/training/stockTraining';
import { tf } from '../../lib/platform/tensorflow';
import { train } from '../../lib/training/train';
import keras from '../fixtures/training.json';
import {
  assertClose,
  compile,
  compiled,
  dataOf,
  images,
  seeds,
  slice,
  softmaxLayer,
  stripes,
  tiny,
  withoutDropout,
} from './fixtures';

const { layers } = tf;

for (const count of [1, 7]) {
  it(`GraphTraining moves averages as tfjs does on a batch of ${count}`, async () => {
    const [fused, stock] = [
      buildRegularizedCnn(withoutDropout),
      buildRegularizedCnn(withoutDropout),
    ];
    const batch = stripes(count, 1);
    const training = await compile(fused);
    training.step(batch, seeds);
    await training.save();
    await new StockTraining(stock).step(batch, seeds);
    const averages = stock.weights.filter(isMovingAverage).length;
    assert.equal(averages, 6);
    stock.weights.forEach((weight, index) => {
      if (isMovingAverage(weight)) {
        assertClose(dataOf(fused.weights[index]), dataOf(weight), 1e-5, weight.name);
      }
    });
    training.dispose();
    [fused, stock].forEach((model) => model.dispose());
  });
}

for (const build of [buildBaseline, buildSimpleCnn, buildRegularizedCnn]) {
  it(`GraphTraining follows tfjs through ten steps of ${build.name}`, async () => {
    const options = { ...withoutDropout, learningRate: 0.01 };
    const [fused, stock] = [build(options), build(options)];
    const digits = stripes(130, 2);
    const [training, reference] = [await compile(fused), new StockTraining(stock)];
    for (let step = 0; step < 10; step++) {
      const batch = slice(digits, 13 * step, 13);
      const { loss, accuracy } = training.step(batch, seeds);
      const expected = await reference.step(batch, seeds);
      assertClose([loss], [expected.loss], 1e-3, `loss of step ${step}`);
      assertClose([accuracy], [expected.accuracy], 1e-6, `accuracy of step ${step}`);
    }
    await training.save();
    fused.weights.forEach((weight, index) => {
      assertClose(dataOf(weight), dataOf(stock.weights[index]), 1e-2, weight.name, 0.1);
    });
    training.dispose();
    [fused, stock].forEach((model) => model.dispose());
  });
}

it('GraphTraining follows tfjs through ten steps of a network of several paths with L2', async () => {
  const [model, stock] = [residual(), residual()];
  stock.setWeights(model.getWeights());
  const digits = stripes(130, 2);
  const [training, reference] = [await compile(model), new StockTraining(stock)];
  for (let step = 0; step < 10; step++) {
    const batch = slice(digits, 13 * step, 13);
    const { loss, accuracy } = training.step(batch, seeds);
    const expected = await reference.step(batch, seeds);
    assertClose([loss], [expected.loss], 1e-3, `loss of step ${step}`);
    assertClose([accuracy], [expected.accuracy], 1e-6, `accuracy of step ${step}`);
  }
  await training.save();
  // Ten steps of Adam move a weight by up to 0.1, whatever its gradient is, rounding included.
  model.weights.forEach((weight, index) => {
    assertClose(dataOf(weight), dataOf(stock.weights[index]), 1e-2, weight.name, 0.1);
  });
  // tfjs scores without penalties, and so does the engine.
  const [scores, expected] = [training.score(digits), await reference.score(digits)];
  assertClose([scores.loss], [expected.loss], 1e-2, 'score');
  training.dispose();
  [model, stock].forEach((one) => one.dispose());
});

for (const [name, stack] of Object.entries({ regularized: kerasRegularized, deep: kerasDeep })) {
  it(`GraphTraining follows Keras through ten steps of the ${name} network`, async () => {
    const { start, losses } = keras[name as 'regularized' | 'deep'];
    const model = compiled(stack());
    setLayerWeights(model, start);
    const training = await compile(model);
    const digits = kerasDigits(model, losses.length * keras.batchSize);
    losses.forEach((expected, step) => {
      const batch = slice(digits, step * keras.batchSize, keras.batchSize);
      const { loss } = training.step(batch, seeds);
      // Adam makes whole steps of gradients that are 0 but for rounding, which is another on each
      // processor.
      assertClose([loss], [expected], step === 0 ? 1e-5 : 3e-3, `loss of step ${step}`);
    });
    training.dispose();
    model.dispose();
  });

  it(`GraphTraining moves averages as Keras does in the ${name} network`, async () => {
    const { start, averages } = keras[name as 'regularized' | 'deep'];
    const model = compiled(stack());
    setLayerWeights(model, start);
    const training = await compile(model);
    training.step(kerasDigits(model, keras.batchSize), seeds);
    await training.save();
    const moved = model.layers
      .filter((layer) => layer.getClassName() === 'BatchNormalization')
      .map((layer) => layer.nonTrainableWeights.map(dataOf));
    assert.equal(moved.length, 2);
    moved.flat().forEach((values, index) => {
      assertClose(values, averages.flat()[index], 1e-5, `average ${index}`);
    });
    training.dispose();
    model.dispose();
  });
}

it('GraphTraining steps by parts as by the whole where nothing normalizes', async () => {
  const models = [buildSimpleCnn(tiny), buildSimpleCnn(tiny)];
  const [whole, parts] = [await compile(models[0]), await compile(models[1], 3)];
  const digits = stripes(130, 2);
  for (let step = 0; step < 10; step++) {
    const batch = slice(digits, 13 * step, 13);
    const expected = whole.step(batch, seeds);
    const result = parts.step(batch, seeds);
    assertClose([result.loss], [expected.loss], 1e-4, `loss of step ${step}`);
    assertClose([result.accuracy], [expected.accuracy], 1e-6, `accuracy of step ${step}`);
  }
  [whole, parts].forEach((training) => training.dispose());
  models.forEach((model) => model.dispose());
});

it('GraphTraining normalizes each part by itself, and averages what the parts give', async () => {
  const model = buildRegularizedCnn(withoutDropout);
  const batch = stripes(13, 1);
  const halves = [slice(batch, 0, 7), slice(batch, 7, 6)];
  const start = model.weights.map((weight) => tf.tensor(dataOf(weight), weight.shape as number[]));
  const expected = halves.map((half) => {
    const gradients = stockGradients(model, half);
    const averages = model.weights.filter(isMovingAverage).map(dataOf);
    model.weights.forEach((weight, index) => weight.write(start[index]));
    return { gradients, averages };
  });
  const training = await compile(model, 2);
  training.step(batch, seeds);
  await training.save();
  const gradients = await gradientsOfFirstStep(model);
  gradients.forEach((values, index) => {
    const [seven, six] = expected.map((half) => half.gradients[index]);
    const mean = Array.from(seven, (value, i) => (7 * value + 6 * six[i]) / 13);
    assertClose(values, mean, 1e-4, `gradient ${index}`);
  });
  const moved = model.weights.filter(isMovingAverage).map(dataOf);
  moved.forEach((values, index) => {
    const [seven, six] = expected.map((half) => half.averages[index]);
    const mean = seven.map((value, i) => (value + six[i]) / 2);
    assertClose(values, mean, 1e-5, `average ${index}`);
  });
  training.dispose();
  tf.dispose(start);
  model.dispose();
});

it('GraphTraining takes a batch of fewer images than parts as a whole', async () => {
  const models = [buildRegularizedCnn(withoutDropout), buildRegularizedCnn(withoutDropout)];
  const [whole, parts] = [await compile(models[0]), await compile(models[1], 3)];
  const batch = stripes(2, 1);
  assert.deepEqual(parts.step(batch, seeds), whole.step(batch, seeds));
  assert.deepEqual(parts.score(batch), whole.score(batch));
  [whole, parts].forEach((training) => training.dispose());
  models.forEach((model) => model.dispose());
});

it('GraphTraining drops other units in each part', async () => {
  const model = compiled([
    layers.flatten({ inputShape: [20, 20, 1] }),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 3, activation: 'softmax', kernelInitializer: 'zeros' }),
  ]);
  const training = await compile(model, 2);
  const batch = { images: new Float32Array(800).fill(1), labels: Uint8Array.of(0, 0), count: 2 };
  training.step(batch, seeds);
  await training.save();
  const [byKernel] = await gradientsOfFirstStep(model);
  // Two equal images through a kernel of zeros: a unit's gradient counts the parts that keep it.
  const keptBy = Array.from({ length: 400 }, (_, unit) =>
    Math.round(byKernel[3 * unit] / (-2 / 3)),
  );
  const counts = [0, 1, 2].map((parts) => keptBy.filter((kept) => kept === parts).length);
  assert.ok(counts[1] > 150 && counts[1] < 250, `kept by 0, 1 and 2 parts: ${counts}`);
  training.dispose();
  model.dispose();
});

it('train(model, ..., { replicas }) learns what can be learned, the same from the same seed', async () => {
  const trained = async () => {
    const sizes = { ...tiny, filters: [4, 8], denseUnits: 16 };
    const model = buildRegularizedCnn({ ...sizes, learningRate: 0.01 });
    const options = { epochs: 6, batchSize: 15, replicas: 2 };
    const { epochs } = await train(model, stripes(151, 1), stripes(40, 2), options);
    const weights = model.weights.map(dataOf);
    model.dispose();
    return { weights, epochs };
  };
  const { weights, epochs } = await trained();
  assert.ok(epochs[5].loss < epochs[0].loss / 2, `loss ${epochs[0].loss} to ${epochs[5].loss}`);
  assert.deepEqual((await trained()).weights, weights);
});

it('train(model, ..., { replicas }) refuses what is no whole number from 1', async () => {
  const model = buildBaseline(tiny);
  await assert.rejects(
    train(model, stripes(3, 1), stripes(3, 1), { epochs: 1, replicas: 0 }),
    /RangeError: replicas is 0; expected a whole number from 1/,
  );
  model.dispose();
});

it('GraphTraining goes on where tfjs stopped, and tfjs where it stopped', async () => {
  const models = Array.from({ length: 3 }, () => buildRegularizedCnn(withoutDropout));
  const digits = stripes(80, 3);
  const run = async (model: tf.LayersModel, first: number, last: number, isFused: boolean) => {
    const training = isFused ? await compile(model) : new StockTraining(model);
    for (let step = first; step < last; step++) {
      await training.step(slice(digits, 10 * step, 10), seeds);
    }
    await training.save();
    training.dispose();
  };
  await run(models[0], 0, 8, false);
  await run(models[1], 0, 4, false);
  await run(models[1], 4, 8, true);
  await run(models[2], 0, 4, true);
  await run(models[2], 4, 8, false);
  for (const model of [models[1], models[2]]) {
    model.weights.forEach((weight, index) => {
      assertClose(dataOf(weight), dataOf(models[0].weights[index]), 1e-3, weight.name);
    });
  }
  models.forEach((model) => model.dispose());
});

it('GraphTraining takes steps of the size that the optimizer has at the moment', async () => {
  const model = buildBaseline(tiny);
  const training = await compile(model);
  const before = model.weights.map(dataOf);
  (model.optimizer as unknown as { learningRate: number }).learningRate = 0;
  training.step(stripes(5, 1), seeds);
  await training.save();
  assert.deepEqual(model.weights.map(dataOf), before);
  training.dispose();
  model.dispose();
});

it('GraphTraining leaves frozen layers as they are', async () => {
  const model = buildSimpleCnn(tiny);
  model.getLayer('convolution_2').trainable = false;
  model.compile({
    optimizer: tf.train.adam(),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const before = model.layers.map((layer) => layer.getWeights().map((w) => [...w.dataSync()]));
  const training = await compile(model);
  training.step(stripes(5, 1), seeds);
  await training.save();
  const after = model.layers.map((layer) => layer.getWeights().map((w) => [...w.dataSync()]));
  const changed = model.layers.filter((_, i) => String(before[i]) !== String(after[i]));
  assert.deepEqual(
    changed.map(({ name }) => name),
    ['convolution_1', 'dense', 'output'],
  );
  training.dispose();
  model.dispose();
});

it('GraphTraining.score(digits) gives what the model scores by tfjs', async () => {
  const model = buildRegularizedCnn(tiny);
  const training = await compile(model);
  training.step(stripes(20, 1), seededRandom(1, 'dropout'));
  await training.save();
  const digits = stripes(601, 2);
  const expected = await new StockTraining(model).score(digits);
  const scores = training.score(digits);
  assertClose([scores.loss], [expected.loss], 1e-5, 'loss');
  assertClose([scores.accuracy], [expected.accuracy], 1e-6, 'accuracy');
  training.dispose();
  model.dispose();
});

it('GraphTraining makes one network of one seed, to the bit', async () => {
  const trained = async (seed: number) => {
    const model = buildRegularizedCnn();
    const digits = stripes(100, 1, 28);
    const training = await compile(model);
    const dropout = seededRandom(seed, 'dropout');
    for (let step = 0; step < 3; step++) {
      training.step(digits, () => drawSeed(dropout));
    }
    await training.save();
    training.dispose();
    const weights = model.weights.map(dataOf);
    model.dispose();
    return weights;
  };
  const first = await trained(1);
  assert.deepEqual(await trained(1), first);
  assert.notDeepEqual(await trained(2), first);
});

it('GraphTraining keeps no tensor and no graph', async () => {
  const { binding } = tf.backend() as unknown as {
    binding: { getNumOfSavedModels(): number; getNumOfTensors(): number };
  };
  const model = buildRegularizedCnn(tiny);
  const once = async () => {
    const training = await compile(model);
    training.step(stripes(10, 1), seeds);
    const during = tf.memory().numTensors;
    training.step(stripes(10, 1), seeds);
    training.score(stripes(10, 1));
    assert.equal(tf.memory().numTensors, during);
    await training.save();
    training.dispose();
  };
  await once();
  const before = [tf.memory().numTensors, binding.getNumOfSavedModels(), binding.getNumOfTensors()];
  await once();
  const after = [tf.memory().numTensors, binding.getNumOfSavedModels(), binding.getNumOfTensors()];
  assert.deepEqual(after, before);
  model.dispose();
});

it('GraphTraining trains a model that tfjs in JavaScript loads and predicts the same with', async () => {
  const model = buildRegularizedCnn(tiny);
  await train(model, stripes(60, 1), stripes(20, 2), { epochs: 2, batchSize: 10 });
  const digits = stripes(20, 3);
  const native = await predict(model, digits.images);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fused-'));
  await model.save(`file://${folder}`);
  const loaded = await tf.loadLayersModel(`file://${folder}/model.json`);
  await rm(folder, { recursive: true });
  try {
    await tf.setBackend('cpu');
    assertClose(await predict(loaded, digits.images), native, 1e-5, 'probabilities');
    loaded.dispose();
  } finally {
    await tf.setBackend('tensorflow');
  }
  model.dispose();
});

it('train(model, ..., { fusedKernels: false }) leaves every step to tfjs', async () => {
  const model = buildSimpleCnn(tiny);
  const trainOnBatch = model.trainOnBatch.bind(model);
  let calls = 0;
  model.trainOnBatch = (images, labels) => {
    calls += 1;
    return trainOnBatch(images, labels);
  };
  const options = { epochs: 1, batchSize: 10 };
  await train(model, stripes(40, 1), stripes(10, 2), options);
  assert.equal(calls, 0);
  await train(model, stripes(40, 1), stripes(10, 2), { ...options, fusedKernels: false });
  assert.equal(calls, 4);
  model.dispose();
});

it('train(model, ...) trains a model that is not covered', async () => {
  const convolution = { ...images, filters: 2, kernelSize: 3, activation: 'tanh' } as const;
  const model = compiled([layers.conv2d(convolution), layers.flatten(), softmaxLayer()]);
  const options = { epochs: 8, batchSize: 10 };
  const { epochs } = await train(model, stripes(100, 1), stripes(20, 2), options);
  assert.ok(epochs[7].loss < epochs[0].loss / 2, `loss ${epochs[0].loss} to ${epochs[7].loss}`);
  model.dispose();
});

it('GraphTraining.compile(model) covers a model that begins with its input', async () => {
  const model = compiled([layers.inputLayer(images), layers.flatten(), softmaxLayer()]);
  (await compile(model)).dispose();
  model.dispose();
});

it('GraphTraining.compile(model) leaves models to tfjs where it computes in JavaScript', async () => {
  const model = buildBaseline(tiny);
  try {
    await tf.setBackend('cpu');
    assert.equal(await GraphTraining.compile(model), undefined);
  } finally {
    await tf.setBackend('tensorflow');
  }
  model.dispose();
});

/** Convolutions beside and after each other, one used twice, each with a penalty on its kernel. */
function residual(): tf.LayersModel {
  const kernelRegularizer = tf.regularizers.l2({ l2: 0.02 });
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 7 });
  const apply = (layer: tf.layers.Layer, input: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(input) as tf.SymbolicTensor;
  const convolution = {
    filters: 4,
    kernelSize: 3,
    padding: 'same',
    kernelInitializer,
    kernelRegularizer,
  } as const;
  const shared = layers.conv2d({ ...convolution, useBias: false });
  const input = tf.input({ shape: images.inputShape });
  let value = apply(layers.conv2d({ ...convolution, activation: 'relu' }), input);
  for (let block = 0; block < 2; block++) {
    const inner = apply(layers.reLU(), apply(layers.batchNormalization(), apply(shared, value)));
    value = apply(layers.add(), [value, inner]);
  }
  const separable = layers.separableConv2d({
    filters: 3,
    kernelSize: 3,
    depthwiseInitializer: kernelInitializer,
    pointwiseInitializer: kernelInitializer,
    depthwiseRegularizer: kernelRegularizer,
    pointwiseRegularizer: kernelRegularizer,
  });
  const pooled = [apply(layers.maxPooling2d({ poolSize: 2 }), value), value].map((one) =>
    apply(layers.globalAveragePooling2d({}), apply(separable, one)),
  );
  const joined = apply(layers.concatenate(), pooled);
  const logits = apply(layers.dense({ units: 3, kernelInitializer, kernelRegularizer }), joined);
  const output = apply(layers.softmax(), logits);
  const model = tf.model({ inputs: input, outputs: output });
  model.compile({
    optimizer: tf.train.adam(0.01, 0.9, 0.999, 1e-7),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

function kerasRegularized(): tf.layers.Layer[] {
  return [
    layers.conv2d({ inputShape: [9, 9, 1], filters: 2, kernelSize: 3, activation: 'relu' }),
    layers.batchNormalization(),
    layers.maxPooling2d({ poolSize: 2 }),
    ...kerasHead(),
  ];
}

function kerasDeep(): tf.layers.Layer[] {
  const padded = { kernelSize: 3, activation: 'relu', padding: 'same' } as const;
  return [
    layers.conv2d({ inputShape: [7, 9, 1], filters: 2, ...padded }),
    layers.batchNormalization(),
    layers.conv2d({ filters: 3, ...padded }),
    layers.maxPooling2d({ poolSize: 2 }),
    ...kerasHead(),
  ];
}

function kerasHead(): tf.layers.Layer[] {
  return [
    layers.flatten(),
    layers.dense({ units: 5, activation: 'relu' }),
    layers.batchNormalization(),
    softmaxLayer(),
  ];
}

function setLayerWeights(model: tf.LayersModel, values: number[][][]): void {
  model.layers.forEach((layer, index) => {
    const weights = layer.getWeights().map(({ shape }, i) => tf.tensor(values[index][i], shape));
    layer.setWeights(weights);
    tf.dispose(weights);
  });
}

/** The images and labels that make_training.py describes. */
function kerasDigits(model: tf.LayersModel, count: number): DigitSet {
  const [, rows, columns] = model.inputs[0].shape as number[];
  const pixels = Array.from({ length: count * rows * columns }, (_, pixel) => {
    const image = Math.floor(pixel / (rows * columns));
    const row = Math.floor(pixel / columns) % rows;
    const column = pixel % columns;
    const sum = row * row * 3 + row * column * (image + 1) + column * 5 + image * 31;
    return (sum % 17) / 16;
  });
  const labels = Uint8Array.from(
    { length: count },
    (_, image) => Math.floor((image * 7) / 2) % keras.classes,
  );
  return { images: Float32Array.from(pixels), labels, count };
}

/** Gradients of tfjs's mean loss by every trained weight; they move the model's averages. */
function stockGradients(model: tf.LayersModel, { images, labels }: DigitSet): Float32Array[] {
  return tf.tidy(() => {
    const [, ...imageShape] = model.inputs[0].shape as number[];
    const input = tf.tensor(images, [labels.length, ...imageShape]);
    const truth = tf.oneHot(tf.tensor1d(labels, 'int32'), 3);
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { grads } = tf.variableGrads(() => {
      const probabilities = model.apply(input, { training: true }) as tf.Tensor;
      return tf.neg(truth.mul(probabilities.log()).sum(1).mean()) as tf.Scalar;
    }, weights);
    return weights.map(({ name }) => grads[name].dataSync() as Float32Array);
  });
}

/** After one step of Adam, a first moment is 1 - beta1 = 0.1 of the gradient. */
async function gradientsOfFirstStep(model: tf.LayersModel): Promise<number[][]> {
  const [iterations, ...moments] = await (model.optimizer as tf.AdamOptimizer).getWeights();
  iterations.tensor.dispose();
  return moments
    .slice(0, moments.length / 2)
    .map(({ tensor }) => Array.from(tensor.dataSync(), (value) => value / 0.1));
}

function isMovingAverage({ name }: tf.LayerVariable): boolean {
  return /moving/.test(name);
}
