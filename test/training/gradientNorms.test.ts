import assert from 'node:assert/strict';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { buildResidualCnn } from '../../lib/networks/residualCnn';
import { tf } from '../../lib/platform/tensorflow';
import { gradientNorms } from '../../lib/training/gradientNorms';
import { StockTraining } from '../../lib/training/stockTraining';
import { compiled, softmaxLayer, stripes, tiny, withoutDropout } from '../engine/fixtures';

const { layers } = tf;

it('gradientNorms(model, images) of a dense layer that guesses is what one gets by hand', () => {
  const dense = layers.dense({
    ...{ units: 2, inputShape: [2], activation: 'softmax', kernelInitializer: 'zeros' },
    name: 'guess',
  });
  const model = compiled([dense]);
  // Both classes have a half, so the gradient is (1/2, -1/2) at the bias and that times the pixels at
  // the kernel: its square is 1/2 (1 + 0.6 ** 2 + 0.8 ** 2) = 1.
  const [{ layer, norm }] = gradientNorms(model, { images: [0.6, 0.8], labels: [1] });
  assert.equal(layer, 'guess');
  assert.ok(Math.abs(norm - 1) < 1e-6, String(norm));
  model.dispose();
});

it('gradientNorms(model, images) agrees with central differences of the loss, penalties included', async () => {
  const regularizer = tf.regularizers.l2({ l2: 0.1 });
  const model = compiled([
    layers.flatten({ inputShape: [12, 12, 1] }),
    layers.dense({ units: 3, activation: 'tanh', kernelRegularizer: regularizer, name: 'hidden' }),
    softmaxLayer(),
  ]);
  const batch = stripes(20, 1);
  const norms = gradientNorms(model, batch);
  const penalty = () => 0.1 * model.getLayer('hidden').getWeights()[0].square().sum().dataSync()[0];
  const training = new StockTraining(model);
  for (const [index, name] of ['hidden', model.layers[2].name].entries()) {
    const weights = model
      .getLayer(name)
      .getWeights()
      .map((weight) => weight.clone());
    const direction = weights.map(({ shape }, at) =>
      tf.randomNormal(shape, 0, 1, 'float32', at + 1),
    );
    const lossAt = async (step: number) => {
      const moved = weights.map((weight, at) => weight.add(direction[at].mul(step)) as tf.Tensor);
      model.getLayer(name).setWeights(moved);
      return (await training.score(batch)).loss + penalty();
    };
    const step = 1e-2;
    const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    model.getLayer(name).setWeights(weights);
    const gradients = training.gradients(batch, () => 1);
    const own = model.getLayer(name).trainableWeights as unknown as tf.LayerVariable[];
    const values = own.flatMap((weight) => [...(gradients.get(weight) ?? [])]);
    const along = direction.flatMap((part) => [...part.dataSync()]);
    const expected = values.reduce((sum, value, at) => sum + value * along[at], 0);
    assert.ok(Math.abs(slope - expected) < 2e-3 * Math.max(1, Math.abs(expected)), `${slope}`);
    const norm = Math.hypot(...values);
    assert.equal(norms[index].layer, name);
    assert.ok(Math.abs(norms[index].norm - norm) < 1e-6 * norm);
  }
  model.dispose();
});

it("gradientNorms(model, images) are those of tfjs's own step, and leave the model as it is", async () => {
  const model = buildRegularizedCnn(withoutDropout);
  const batch = stripes(16, 2);
  const before = model.getWeights().map((weight) => [...weight.dataSync()]);
  const tensors = tf.memory().numTensors;
  const norms = gradientNorms(model, batch);
  assert.equal(tf.memory().numTensors, tensors);
  assert.deepEqual(
    model.getWeights().map((weight) => [...weight.dataSync()]),
    before,
  );
  // A step of gradient descent with the rate 1 takes the gradient off.
  model.compile({
    optimizer: tf.train.sgd(1),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const kernels = norms.map(({ layer }) => model.getLayer(layer).trainableWeights);
  const read = () =>
    kernels.map((own) =>
      (own as unknown as tf.LayerVariable[]).flatMap((weight) => [...weight.read().dataSync()]),
    );
  const first = read();
  await new StockTraining(model).step(batch, () => 1);
  read().forEach((values, index) => {
    const expected = Math.hypot(...values.map((value, at) => value - first[index][at]));
    const { layer, norm } = norms[index];
    assert.ok(Math.abs(norm - expected) < 1e-4 * expected + 1e-6, `${layer}: ${norm}, ${expected}`);
  });
  model.dispose();
});

it('gradientNorms(model, images) repeats the dropout of a seed, and takes graphs of layers', () => {
  const model = buildRegularizedCnn(tiny);
  const batch = stripes(16, 2);
  const [one, again, other] = [1, 1, 2].map((seed) => gradientNorms(model, batch, { seed }));
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, other);
  model.dispose();
  const residual = buildResidualCnn({ imageSize: 12, classCount: 3, filters: [2, 3, 4] });
  const norms = gradientNorms(residual, batch);
  assert.ok(norms.length > 8 && norms.every(({ norm }) => norm > 0 && Number.isFinite(norm)));
  residual.dispose();
});

it('gradientNorms(model, images) refuses what has no gradient', () => {
  const model = compiled([layers.flatten({ inputShape: [12, 12, 1] }), softmaxLayer()]);
  assert.throws(() => gradientNorms(model, { images: [], labels: [] }), /gradient has no images/);
  assert.throws(() => gradientNorms(null as never, stripes(2, 1)), /TypeError: model is null/);
  model.dispose();
  assert.throws(() => gradientNorms(model, stripes(2, 1)), /is disposed/);
});
