import assert from 'node:assert/strict';
import { learningRateOf, setLearningRate } from '../../lib/training/learningRate';
import { tf } from '../../lib/platform/tensorflow';

const optimizers: Record<string, (rate: number) => tf.Optimizer> = {
  sgd: (rate) => tf.train.sgd(rate),
  momentum: (rate) => tf.train.momentum(rate, 0.9),
  nesterov: (rate) => tf.train.momentum(rate, 0.9, true),
  adagrad: (rate) => tf.train.adagrad(rate),
  adadelta: (rate) => tf.train.adadelta(rate),
  adam: (rate) => tf.train.adam(rate),
  adamax: (rate) => tf.train.adamax(rate),
  rmsprop: (rate) => tf.train.rmsprop(rate),
  'centered rmsprop': (rate) => tf.train.rmsprop(rate, 0.9, 0, 1e-7, true),
};

for (const [name, make] of Object.entries(optimizers)) {
  it(`setLearningRate(${name}, value) scales the next step and no other`, () => {
    const steady = changes(make(0.5), () => {});
    const slowed = changes(make(0.5), (optimizer, step) => {
      assert.equal(learningRateOf(optimizer), step === 2 ? 0.125 : 0.5);
      setLearningRate(optimizer, step === 1 ? 0.125 : 0.5);
    });
    [1, 4, 1].forEach((ratio, step) => {
      assert.ok(steady[step] < 0);
      const found = steady[step] / slowed[step];
      assert.ok(Math.abs(found / ratio - 1) < 1e-4, `step ${step + 1} is ${found} times as long`);
    });
  });
}

it('setLearningRate(optimizer, value) makes no tensors', () => {
  for (const make of Object.values(optimizers)) {
    const optimizer = make(0.5);
    const before = tf.memory().numTensors;
    setLearningRate(optimizer, 0.25);
    assert.equal(tf.memory().numTensors, before);
    optimizer.dispose();
  }
});

it('setLearningRate(optimizer, value) refuses what is no rate, and optimizers without one', () => {
  const optimizer = tf.train.adam(0.5);
  for (const rate of [-0.1, NaN, Infinity]) {
    const message = new RegExp(`RangeError: learning rate is ${rate}; expected a number from 0`);
    assert.throws(() => setLearningRate(optimizer, rate), message);
  }
  assert.equal(learningRateOf(optimizer), 0.5);
  optimizer.dispose();
  const other = { getClassName: () => 'Lion', rate: 0.1 } as unknown as tf.Optimizer;
  const message = /Error: the optimizer Lion has no number learningRate; use one of tf\.train/;
  assert.throws(() => learningRateOf(other), message);
  assert.throws(() => setLearningRate(other, 0.1), message);
});

/** Changes of a weight by three steps on a constant slope; `between` is called after each. */
function changes(
  optimizer: tf.Optimizer,
  between: (optimizer: tf.Optimizer, step: number) => void,
): number[] {
  const weight = tf.variable(tf.scalar(0));
  const found = [1, 2, 3].map((step) => {
    const [before] = weight.dataSync();
    optimizer.minimize(() => weight.mul(0.25) as tf.Scalar, false, [weight]);
    between(optimizer, step);
    return weight.dataSync()[0] - before;
  });
  optimizer.dispose();
  weight.dispose();
  return found;
}
