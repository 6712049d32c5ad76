import { buildRegularizedCnn, type RegularizedCnnOptions } from '../../lib/networks/regularizedCnn';
import assert from 'node:assert/strict';
import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import keras from '../fixtures/networks.json';

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

it('builders refuse sizes, rates and shares that no network can have', () => {
  for (const [options, message] of [
    [{ learningRate: -1 }, /learningRate is -1; expected a number from 0/],
    [{ imageSize: 0 }, /imageSize is 0; expected a whole number from 1/],
    [{ classCount: 1 }, /classCount is 1; expected a whole number from 2/],
    [{ blockDropout: 1 }, /blockDropout is 1; expected a share from 0 to below 1/],
    [{ denseDropout: '0.5' }, /denseDropout is "0.5"/],
  ] as const) {
    assert.throws(() => buildRegularizedCnn(options as RegularizedCnnOptions), message);
  }
});
