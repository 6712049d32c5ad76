import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GraphTraining } from '../../lib/engine';
import { DataType, Graph } from '../../lib/engine/graph';
import { fuseLayer } from '../../lib/engine/layers';
import { layerShapes } from '../../lib/engine/shapes';
import { addLayers, Pass } from '../../lib/engine/network';
import { predictInGraph } from '../../lib/engine/prediction';
import { Variables } from '../../lib/engine/variables';
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

const { layers } = tf;
const tiny = { imageSize: 12, filters: [2, 3], denseUnits: 4, classCount: 3 };
const random = seededRandom(1, 'dropout');
const seeds = () => drawSeed(random);
const withoutDropout = { ...tiny, blockDropout: 0, denseDropout: 0 };

const layerCases: [name: string, make: () => tf.layers.Layer, inputShape: number[]][] = [
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
];

for (const [name, make, inputShape] of layerCases) {
  it(`fuseLayer(layer) gives ${name} the output and gradients of tfjs`, () => {
    const layer = startedLayer(make(), inputShape);
    const input = tf.randomNormal(inputShape, 0, 1, 'float32', 3);
    const fused = new LayerInGraph(layer, input);
    const stock = tf.tidy(() => {
      const direction = fused.direction;
      const forward = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
      const along = (x: tf.Tensor) => forward(x).mul(direction).sum() as tf.Scalar;
      const byInput = tf.grad(along)(input);
      const weights = trainedWeights(layer).map((weight) => weight.read() as tf.Variable);
      const byWeights =
        weights.length > 0 ? tf.variableGrads(() => along(input), weights).grads : {};
      return [forward(input), byInput, ...weights.map(({ name }) => byWeights[name])];
    });
    fused.outputAndGradients(input).forEach((values, index) => {
      assertClose(values, stock[index].dataSync(), 1e-4, `result ${index}`);
    });
    tf.dispose([...stock, input]);
    fused.dispose();
    layer.dispose();
  });

  it(`fuseLayer(layer) gives ${name} the gradients of central differences`, () => {
    const layer = startedLayer(make(), inputShape);
    const input = tf.randomNormal(inputShape, 0, 1, 'float32', 3);
    const fused = new LayerInGraph(layer, input);
    const [, byInput, ...byWeights] = fused.outputAndGradients(input);
    const width = 1e-3;
    const projection = (point: tf.Tensor) => {
      const [output] = fused.outputAndGradients(point);
      const direction = fused.direction.dataSync();
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
    trainedWeights(layer).forEach((weight, index) => {
      const start = weight.read().clone();
      const numeric = differences(start, (point) => {
        weight.write(point);
        fused.loadWeights();
        return projection(input);
      });
      weight.write(start);
      start.dispose();
      fused.loadWeights();
      assertClose(byWeights[index], numeric, 2e-2, `by ${weight.name}`);
    });
    input.dispose();
    fused.dispose();
    layer.dispose();
  });
}

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
      assertClose(dataOf(weight), dataOf(stock.weights[index]), 1e-2, weight.name);
    });
    training.dispose();
    [fused, stock].forEach((model) => model.dispose());
  });
}

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
      assertClose([loss], [expected], 1e-3, `loss of step ${step}`);
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

for (const rate of [0.25, 0.5, 0.9]) {
  it(`fuseLayer(dropout) drops ${rate} of the units and scales the others`, () => {
    const input = tf.ones([50, 19, 7, 3]);
    const layer = startedLayer(layers.dropout({ rate }), input.shape);
    const fused = new LayerInGraph(layer, input);
    const [output, byInput] = fused.outputAndGradients(input);
    const dropped = output.filter((value) => value === 0).length;
    const deviation = Math.sqrt(input.size * rate * (1 - rate));
    assert.ok(Math.abs(dropped - rate * input.size) < 4 * deviation, `${dropped} dropped`);
    const direction = fused.direction.dataSync();
    output.forEach((value, index) => {
      assert.ok(
        value === 0 || Math.abs(value * (1 - rate) - 1) < 1e-4,
        `unit ${index} is ${value}`,
      );
      assert.ok(Math.abs(byInput[index] - value * direction[index]) < 1e-5);
    });
    fused.dispose();
    input.dispose();
  });
}

it('fuseLayer(dropout) draws another mask at every step and in every layer', () => {
  const input = tf.ones([4, 100]);
  const model = tf.sequential();
  model.add(layers.dropout({ rate: 0.5, inputShape: [100] }));
  model.add(layers.dropout({ rate: 0.5 }));
  const fused = layerShapes(model).map((layer) => fuseLayer(layer, false)!);
  const graph = new Graph();
  const seeds = graph.input(DataType.int32, [2]);
  const pass = new Pass(graph, [], [], seeds);
  const placeholder = graph.input(DataType.float);
  const outputs = fused.map((layer) => layer(pass, placeholder).output);
  const session = graph.load();
  const masks = [1, 2].flatMap((seed) => {
    const inputs = new Map([
      [placeholder, input],
      [seeds, tf.tensor1d([seed, 7], 'int32')],
    ]);
    return session.run(inputs, outputs).map((mask) => [...mask.dataSync()]);
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

for (const count of [1, 3, 251, 1100]) {
  it(`predictInGraph(model, images) gives what tfjs predicts for ${count} images`, () => {
    const model = buildRegularizedCnn(tiny);
    const { images } = stripes(count, 1);
    const expected = stockPrediction(model, images);
    const before = tf.memory().numTensors;
    assertClose(predictInGraph(model, images)!, expected, 1e-5, 'probabilities');
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  });
}

it('predictInGraph(model, images) follows the weights and the layers of the model', () => {
  const model = tf.sequential({ layers: [layers.flatten(images), softmaxLayer()] });
  const digits = stripes(5, 1);
  const before = predictInGraph(model, digits.images)!;
  model.setWeights(model.getWeights().map((weight) => tf.zerosLike(weight)));
  assert.notDeepEqual(predictInGraph(model, digits.images), before);
  assertClose(predictInGraph(model, digits.images)!, Array(15).fill(1 / 3), 1e-6, 'probabilities');
  model.add(softmaxLayer());
  assert.equal(predictInGraph(model, digits.images), undefined);
  model.dispose();
});

it('predictInGraph(model, images) takes the weights that a training has led to', async () => {
  const model = buildRegularizedCnn(tiny);
  const { images } = stripes(9, 2);
  for (const fusedKernels of [true, false]) {
    const before = predictInGraph(model, images)!;
    const options = { epochs: 1, batchSize: 10, fusedKernels };
    await train(model, stripes(30, 1), stripes(9, 2), options);
    const after = predictInGraph(model, images)!;
    assert.notDeepEqual(after, before);
    assertClose(after, stockPrediction(model, images), 1e-5, 'probabilities');
  }
  model.dispose();
});

it('predictInGraph(model, images) takes weights that are a part of a longer array', () => {
  const model = tf.sequential({ layers: [layers.flatten(images), softmaxLayer()] });
  const digits = stripes(5, 1);
  const numbers = Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index));
  const kernel = numbers.subarray(500, 932);
  model.setWeights([tf.tensor(kernel, [144, 3]), tf.tensor(numbers.subarray(1, 4))]);
  const probabilities = predictInGraph(model, digits.images)!;
  assertClose(probabilities, stockPrediction(model, digits.images), 1e-5, 'probabilities');
  model.dispose();
});

it('predictInGraph(model, images) pools normalized images alike, whatever the sign of a scale', () => {
  const stack = () => [
    layers.batchNormalization(images),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    softmaxLayer(),
  ];
  const { images: pixels } = stripes(7, 1);
  for (const scale of [2, 0, -2]) {
    const model = tf.sequential({ layers: stack() });
    const [, beta, ...others] = model.getWeights();
    const averages = others.slice(-2).map((average) => average.add(0.4));
    const kernels = others.slice(0, -2);
    model.setWeights([tf.tensor1d([scale]), beta, ...kernels, ...averages]);
    const probabilities = predictInGraph(model, pixels)!;
    assertClose(probabilities, stockPrediction(model, pixels), 1e-5, `scale ${scale}`);
    model.dispose();
  }
});

it('predictInGraph(model, images) keeps one graph a model, and no tensor', () => {
  const { binding } = tf.backend() as unknown as {
    binding: { getNumOfSavedModels(): number; getNumOfTensors(): number };
  };
  const model = buildRegularizedCnn(tiny);
  const { images } = stripes(9, 2);
  const counts = () => {
    const [weight] = model.trainableWeights;
    const doubled = tf.tidy(() => weight.read().mul(2));
    weight.write(doubled);
    doubled.dispose();
    predictInGraph(model, images);
    const { numTensors } = tf.memory();
    return [numTensors, binding.getNumOfSavedModels(), binding.getNumOfTensors()];
  };
  const first = counts();
  assert.deepEqual(counts(), first);
  assert.deepEqual(counts(), first);
  model.dispose();
});

const uncovered: [what: string, make: () => tf.LayersModel][] = [
  ['another activation', () => withFirst(layers.conv2d({ ...convolution, activation: 'tanh' }))],
  ['a regularizer', () => withFirst(layers.conv2d({ ...convolution, biasRegularizer: 'l1l2' }))],
  ['a constraint', () => withFirst(layers.conv2d({ ...convolution, kernelConstraint: 'nonNeg' }))],
  [
    'channels first',
    () => withFirst(layers.maxPooling2d({ ...images, dataFormat: 'channelsFirst' })),
  ],
  ['dilation', () => withFirst(layers.conv2d({ ...convolution, dilationRate: 2 }))],
  ['rows of rows', () => withFirst(layers.dense({ ...images, units: 2 }))],
  ['normalization by rows', () => withFirst(layers.batchNormalization({ ...images, axis: 1 }))],
  ['no scale', () => withFirst(layers.batchNormalization({ ...images, scale: false }))],
  [
    'a noise shape',
    () => withFirst(layers.dropout({ ...images, rate: 0.5, noiseShape: [1, 12, 12, 1] })),
  ],
  ['another layer', () => withFirst(layers.averagePooling2d({ ...images, poolSize: 2 }))],
  ['another optimizer', () => recompiled({ optimizer: 'sgd' })],
  ['another loss', () => recompiled({ loss: 'meanSquaredError' })],
  ['another metric', () => recompiled({ metrics: ['mse'] })],
  ['no last softmax', () => compiled([layers.flatten(images), layers.dense({ units: 3 })])],
  ['a graph of layers', functional],
  ['no compilation', () => tf.sequential({ layers: [layers.flatten(images), softmaxLayer()] })],
];

for (const [what, make] of uncovered) {
  it(`GraphTraining.compile(model) leaves a model with ${what} to tfjs`, async () => {
    const model = make();
    assert.equal(await GraphTraining.compile(model), undefined);
    model.dispose();
  });
}

it('train(model, ...) trains a model that is not covered', async () => {
  const model = withFirst(layers.conv2d({ ...convolution, activation: 'tanh' }));
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

it('Session.run(inputs, outputs) says what TensorFlow refuses', () => {
  const graph = new Graph();
  const [left, right] = [graph.input(DataType.float), graph.input(DataType.float)];
  const product = graph.float('MatMul', [left, right]);
  const session = graph.load();
  const inputs = new Map([
    [left, tf.ones([2, 3])],
    [right, tf.ones([4, 5])],
  ]);
  assert.throws(() => session.run(inputs, [product]), /Matrix size-incompatible/);
  session.dispose();
});

it('Graph.load() says which operation TensorFlow does not have', () => {
  const graph = new Graph();
  graph.add('NoSuchOperation');
  assert.throws(() => graph.load(), /NoSuchOperation/);
});

const images = { inputShape: [12, 12, 1] };
const convolution = { ...images, filters: 2, kernelSize: 3 };

/** A layer alone in a graph, in training, with the gradients of its output along a direction. */
class LayerInGraph {
  readonly direction: tf.Tensor;
  private readonly graph = new Graph();
  private readonly input = this.graph.input(DataType.float);
  private readonly along = this.graph.input(DataType.float);
  private readonly variables: Variables;
  private readonly outputs;
  private readonly session;

  constructor(
    private readonly layer: tf.layers.Layer,
    input: tf.Tensor,
  ) {
    const outputShape = layer.computeOutputShape(input.shape) as number[];
    this.direction = tf.randomNormal(outputShape, 0, 1, 'float32', 4);
    const { graph } = this;
    const shapes = layer.weights.map(({ shape }) => shape as number[]);
    this.variables = new Variables(graph, 'weight', shapes);
    const seeds = graph.constant(Int32Array.of(1, 2));
    const pass = new Pass(graph, layer.weights, this.variables.values, seeds);
    const shaped = { layer, inputShape: input.shape, outputShape };
    const { output, backward } = addLayers(pass, [fuseLayer(shaped, false)!], this.input);
    const byInput = backward(this.along);
    const byWeights = trainedWeights(layer).map((weight) => pass.gradients.get(weight)!);
    this.outputs = [output, byInput, ...byWeights];
    this.session = graph.load();
    this.loadWeights();
  }

  loadWeights(): void {
    const tensors = this.layer.weights.map((weight) => weight.read());
    this.variables.assign(this.session, tensors);
  }

  outputAndGradients(input: tf.Tensor): Float32Array[] {
    const inputs = new Map([
      [this.input, input],
      [this.along, this.direction],
    ]);
    const results = this.session.run(inputs, this.outputs);
    const values = results.map((result) => result.dataSync() as Float32Array);
    tf.dispose(results);
    return values;
  }

  dispose(): void {
    this.direction.dispose();
    this.session.dispose();
  }
}

function startedLayer(layer: tf.layers.Layer, inputShape: number[]): tf.layers.Layer {
  layer.apply(tf.input({ shape: inputShape.slice(1) }));
  const random = seededRandom(5, 'weights');
  const weights = layer.getWeights().map(({ shape, size }) => {
    return tf.tensor(
      Float32Array.from({ length: size }, () => 0.3 + random()),
      shape,
    );
  });
  layer.setWeights(weights);
  tf.dispose(weights);
  return layer;
}

function trainedWeights(layer: tf.layers.Layer): tf.LayerVariable[] {
  return layer.trainableWeights;
}

function reluConvolution(options: object): tf.layers.Layer {
  return layers.conv2d({ filters: 2, kernelSize: 3, activation: 'relu', ...options });
}

function softmaxLayer(): tf.layers.Layer {
  return layers.dense({ units: 3, activation: 'softmax' });
}

function withFirst(layer: tf.layers.Layer): tf.Sequential {
  return compiled([layer, layers.flatten(), softmaxLayer()]);
}

function compiled(stack: tf.layers.Layer[], options: object = {}): tf.Sequential {
  const model = tf.sequential({ layers: stack });
  model.compile({
    optimizer: tf.train.adam(keras.learningRate, 0.9, 0.999, 1e-7),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    ...options,
  });
  return model;
}

function recompiled(options: object): tf.Sequential {
  return compiled([layers.flatten(images), softmaxLayer()], options);
}

function functional(): tf.LayersModel {
  const input = tf.input({ shape: [12, 12, 1] });
  const flat = layers.flatten().apply(input) as tf.SymbolicTensor;
  const branches = [1, 2].map(() => layers.dense({ units: 3 }).apply(flat) as tf.SymbolicTensor);
  const sum = layers.add().apply(branches) as tf.SymbolicTensor;
  const output = softmaxLayer().apply(sum) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  model.compile({
    optimizer: tf.train.adam(),
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

async function compile(model: tf.LayersModel, replicas = 1): Promise<GraphTraining> {
  const training = await GraphTraining.compile(model, replicas);
  assert.ok(training, `${model.name} is covered`);
  return training;
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

/** What tfjs itself predicts for images of 12 x 12 pixels. */
function stockPrediction(model: tf.LayersModel, images: Float32Array): Float32Array {
  const input = tf.tensor(images, [images.length / 144, 12, 12, 1]);
  const output = model.predict(input) as tf.Tensor;
  const probabilities = output.dataSync() as Float32Array;
  tf.dispose([input, output]);
  return probabilities;
}

function isMovingAverage({ name }: tf.LayerVariable): boolean {
  return /moving/.test(name);
}

function dataOf(weight: tf.LayerVariable): number[] {
  return [...weight.read().dataSync()];
}

/** Compares by the largest expected value, as rounding errors go, or by 0.02 where all are 0. */
function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(...Array.from(expected, Math.abs), 0.02);
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index] - expected[index]);
    assert.ok(
      difference <= tolerance * scale,
      `${what}, number ${index}: ${actual[index]}, expected ${expected[index]}`,
    );
  }
}

function slice({ images, labels }: DigitSet, start: number, count: number): DigitSet {
  const pixels = images.length / labels.length;
  return {
    images: images.subarray(start * pixels, (start + count) * pixels),
    labels: labels.subarray(start, start + count),
    count,
  };
}

/** Square noisy images with a bright row at the height that the label says. */
function stripes(count: number, seed: number, size = 12): DigitSet {
  const random = seededRandom(seed, 'stripes');
  const labels = Uint8Array.from({ length: count }, () => Math.floor(3 * random()));
  const images = Float32Array.from({ length: count * size * size }, (_, pixel) => {
    const row = Math.floor((pixel % (size * size)) / size);
    const bright = row === 1 + 2 * labels[Math.floor(pixel / (size * size))];
    return (bright ? 0.5 : 0) + random() / 2;
  });
  return { images, labels, count };
}
