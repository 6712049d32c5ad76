import assert from 'node:assert/strict';
import { predictInGraph } from '../../lib/engine';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { tf } from '../../lib/platform/tensorflow';
import { train } from '../../lib/training/train';
import { assertClose, images, softmaxLayer, stockPrediction, stripes, tiny } from './fixtures';

const { layers } = tf;

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

it('predictInGraph(model, images, { precision: bfloat16 }) is near to float32', () => {
  const model = buildRegularizedCnn(tiny);
  const { images } = stripes(300, 1);
  const expected = predictInGraph(model, images)!;
  const probabilities = predictInGraph(model, images, { precision: 'bfloat16' })!;
  assertClose(probabilities, expected, 0.03, 'probabilities');
  assert.deepEqual(predictInGraph(model, images, { precision: 'bfloat16' }), probabilities);
  assert.deepEqual(predictInGraph(model, images), expected);
  model.dispose();
});

it('predictInGraph(model, images, { precision }) refuses an unknown one', () => {
  const model = buildRegularizedCnn(tiny);
  const precision = 'int8' as 'float32';
  assert.throws(
    () => predictInGraph(model, stripes(1, 1).images, { precision }),
    /RangeError: precision is int8; expected float32 or bfloat16/,
  );
  model.dispose();
});
