import assert from 'node:assert/strict';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildDeeperCnn } from '../../lib/networks/deeperCnn';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import { imageTensor, predict } from '../../lib/training/predict';
import { tf } from '../../lib/platform/tensorflow';
import keras from '../fixtures/networks.json';

const builders = {
  baseline: buildBaseline,
  simpleCnn: buildSimpleCnn,
  regularizedCnn: buildRegularizedCnn,
  deeperCnn: buildDeeperCnn,
};
type NetworkName = keyof typeof builders;
const names = Object.keys(builders) as NetworkName[];
const tinySizes = { ...keras.tiny, seed: 1 };

for (const name of names) {
  it(`${name} has the layers, shapes and parameters of the same network in Keras`, () => {
    const model = builders[name]();
    const expected = keras.full[name];
    assert.deepEqual(
      model.layers.map((layer) => ({
        className: layer.getClassName(),
        outputShape: layer.outputShape,
        parameters: layer.countParams(),
      })),
      expected.layers,
    );
    assert.equal(model.countParams(), expected.parameters);
    assert.equal(weightCount(model.nonTrainableWeights), expected.nonTrainableParameters);
    model.dispose();
  });

  it(`${name} with Keras's weights gives Keras's probabilities`, async () => {
    const model = builders[name](tinySizes);
    const expected = keras.tiny[name];
    model.layers.forEach((layer, index) => {
      const weights = expected.layers[index].weights;
      const tensors = weights.map(({ values, shape }) => tf.tensor(values, shape));
      layer.setWeights(tensors);
      tf.dispose(tensors);
    });
    const probabilities = await predict(model, patterns(3));
    expected.outputs.flat().forEach((probability, index) => {
      const difference = Math.abs(probabilities[index] - probability);
      assert.ok(
        difference < 2e-6,
        `output ${index}: ${probabilities[index]}, Keras ${probability}`,
      );
    });
    model.dispose();
  });

  it(`${name} with one seed starts from the same weights, with another from others`, () => {
    const kernels = [1, 1, 2].map((seed) => {
      const model = builders[name]({ ...tinySizes, seed });
      const values = model.getWeights().map((weight) => Array.from(weight.dataSync()));
      model.dispose();
      return values;
    });
    assert.deepEqual(kernels[0], kernels[1]);
    assert.notDeepEqual(kernels[0], kernels[2]);
  });
}

it('the networks have the parameters that their paper sums give', () => {
  const counts = names.map((name) => builders[name]().countParams());
  assert.deepEqual(counts, [101_770, 225_034, 225_930, 468_714]);
});

it('kernels start within the bounds of Glorot and Bengio, layers unlike each other', () => {
  const model = buildSimpleCnn({ imageSize: 12, filters: [4, 4], denseUnits: 4 });
  const starts = ['convolution_1', 'convolution_2'].map((name) => {
    const [kernel, bias] = model.getLayer(name).getWeights();
    const [height, width, channels, filters] = kernel.shape;
    const limit = Math.sqrt(6 / (height * width * (channels + filters)));
    const values = Array.from(kernel.dataSync());
    assert.ok(values.every((value) => Math.abs(value) <= limit));
    assert.ok(values.some((value) => Math.abs(value) > limit / 2));
    assert.ok(bias.dataSync().every((value) => value === 0));
    return values[0] / limit;
  });
  assert.notEqual(starts[0], starts[1]);
  model.dispose();
});

it('the optimizer and batch normalization have the defaults of Keras', () => {
  const model = buildRegularizedCnn();
  const { learningRate, beta1, beta2, epsilon } = keras.defaults.adam;
  const adam = model.optimizer.getConfig();
  assert.deepEqual(adam, { learningRate, beta1, beta2, epsilon });
  const normalization = model.getLayer('batch_normalization_1').getConfig();
  assert.equal(normalization.momentum, keras.defaults.batchNormalization.momentum);
  assert.equal(normalization.epsilon, keras.defaults.batchNormalization.epsilon);
  model.dispose();
});

it('buildRegularizedCnn(options) takes its drop-out rates', () => {
  const model = buildRegularizedCnn({ ...tinySizes, blockDropout: 0.1, denseDropout: 0.2 });
  const rates = model.layers
    .filter((layer) => layer.getClassName() === 'Dropout')
    .map((layer) => layer.getConfig().rate);
  assert.deepEqual(rates, [0.1, 0.1, 0.2]);
  model.dispose();
});

it('predict(model, images) gives rows that add up to 1, and keeps no tensor', async () => {
  const model = buildSimpleCnn(tinySizes);
  await predict(model, patterns(1));
  const before = tf.memory().numTensors;
  const probabilities = await predict(model, patterns(5));
  assert.equal(tf.memory().numTensors, before);
  assert.equal(probabilities.length, 50);
  for (let row = 0; row < 5; row++) {
    const sum = probabilities.subarray(10 * row, 10 * row + 10).reduce((total, p) => total + p);
    assert.ok(Math.abs(sum - 1) < 1e-6);
  }
  model.dispose();
});

it('predict(model, images) refuses no images, and images of another size', async () => {
  const model = buildBaseline(tinySizes);
  await assert.rejects(
    predict(model, new Float32Array(0)),
    /RangeError: images has 0 pixels; expected a positive multiple of 784/,
  );
  await assert.rejects(
    predict(model, new Float32Array(32 * 32)),
    /images has 1024 pixels; .* model baseline takes images of 28 x 28 x 1: resize them/,
  );
  model.dispose();
});

it('imageTensor(model, images) keeps the pixels in their places', () => {
  const model = buildBaseline(tinySizes);
  const images = patterns(2);
  const tensor = imageTensor(model, images);
  assert.deepEqual(tensor.shape, [2, 28, 28, 1]);
  assert.deepEqual(Array.from(tensor.dataSync()), Array.from(images));
  tensor.dispose();
  model.dispose();
});

/** The images that the fixture's outputs belong to (its `imagePixel`). */
function patterns(count: number): Float32Array {
  return Float32Array.from({ length: count * 784 }, (_, index) => {
    const image = Math.floor(index / 784);
    const row = Math.floor((index % 784) / 28);
    const column = index % 28;
    return ((row * row * 3 + row * column * (image + 1) + column * 5 + image * 31) % 17) / 16;
  });
}

function weightCount(weights: tf.LayerVariable[]): number {
  return weights.reduce((count, { shape }) => count + tf.util.sizeFromShape(shape as number[]), 0);
}
