import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  accuracyPlace,
  guessingLoss,
  labelForm,
  requireTrainable,
} from '../../lib/training/compilation';
import type { DigitSet } from '../../lib/data/digits';
import { accuracy as shareRight, mostProbableClasses } from '../../lib/metrics/metrics';
import { predict } from '../../lib/training/predict';
import { seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { train } from '../../lib/training/train';

const { layers } = tf;
const compiled = {
  optimizer: 'adam',
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
};

describe('compilation', () => {
  let models: tf.LayersModel[];

  beforeEach(() => {
    models = [];
  });

  afterEach(() => {
    models.forEach((model) => model.dispose());
  });

  function build(activation: string = 'softmax', compile: object = compiled): tf.Sequential {
    const model = tf.sequential({
      name: 'own',
      layers: [
        layers.flatten({ inputShape: [4, 4, 1] }),
        layers.dense({ units: 3, activation: activation as 'softmax' }),
      ],
    });
    model.compile(compile as tf.ModelCompileArgs);
    models.push(model);
    return model;
  }

  for (const loss of [
    'categoricalCrossentropy',
    'binaryCrossentropy',
    'meanSquaredError',
    'meanAbsoluteError',
    'meanAbsolutePercentageError',
    'meanSquaredLogarithmicError',
    'categoricalHinge',
    'logcosh',
    'kullbackLeiblerDivergence',
    'poisson',
    'cosineProximity',
    'sparseCategoricalCrossentropy',
  ]) {
    it(`train(model, ...) with ${loss} gives the loss and accuracy that tfjs gives by itself`, async () => {
      const metrics = [loss === 'binaryCrossentropy' ? 'categoricalAccuracy' : 'accuracy'];
      const model = build('softmax', { optimizer: 'adam', loss, metrics: ['mse', ...metrics] });
      const digits = stripes(30);
      const { epochs } = await train(model, digits, digits, { epochs: 2, batchSize: 7 });
      const images = tf.tensor(digits.images, [30, 4, 4, 1]);
      const indices = tf.tensor1d(Int32Array.from(digits.labels), 'int32');
      const sparse = loss === 'sparseCategoricalCrossentropy';
      const labels = sparse ? indices.toFloat() : tf.oneHot(indices, 3).toFloat();
      const [expected] = model.evaluate(images, labels) as tf.Scalar[];
      const found = epochs[1].validationLoss;
      const value = expected.dataSync()[0];
      assert.ok(
        Math.abs(found - value) < 1e-4 * Math.max(1, Math.abs(value)),
        `${found}, ${value}`,
      );
      const guesses = mostProbableClasses(await predict(model, digits.images), { classCount: 3 });
      const share = shareRight(digits.labels, guesses, { classCount: 3 });
      assert.ok(Math.abs(epochs[1].validationAccuracy - share) < 1e-6);
    });
  }

  for (const [name, optimizer] of Object.entries({
    sgd: () => tf.train.sgd(0.1),
    momentum: () => tf.train.momentum(0.1, 0.9),
    adagrad: () => tf.train.adagrad(0.1),
    adadelta: () => tf.train.adadelta(0.1),
    adamax: () => tf.train.adamax(0.1),
    rmsprop: () => tf.train.rmsprop(0.01),
    adam: () => tf.train.adam(0.1),
  })) {
    it(`train(model, ...) with ${name} brings the loss down`, async () => {
      const loss = 'categoricalCrossentropy';
      const model = build('softmax', { optimizer: optimizer(), loss, metrics: ['accuracy'] });
      const digits = stripes(60);
      const { epochs } = await train(model, digits, digits, { epochs: 4, batchSize: 10 });
      assert.ok(epochs[3].validationLoss < epochs[0].loss, JSON.stringify(epochs));
    });
  }

  it('train(model, ...) takes a single output for two classes', async () => {
    const model = tf.sequential({
      layers: [
        layers.flatten({ inputShape: [4, 4, 1] }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    models.push(model);
    const compile = (loss: string) =>
      model.compile({ optimizer: tf.train.adam(0.1), loss, metrics: ['accuracy'] });
    const all = stripes(60);
    const digits = { ...all, labels: all.labels.map((label) => Number(label === 1)) };
    compile('sparseCategoricalCrossentropy');
    await assert.rejects(
      train(model, digits, digits, { epochs: 1 }),
      /one output, but its loss sparseCategoricalCrossentropy takes one a class/,
    );
    compile('binaryCrossentropy');
    const { epochs } = await train(model, digits, digits, { epochs: 8, batchSize: 10 });
    const ones = await predict(model, digits.images);
    const right = digits.labels.filter((label, index) => ones[index] > 0.5 === (label === 1));
    assert.ok(Math.abs(epochs[7].validationAccuracy - right.length / 60) < 1e-6);
    assert.ok(epochs[7].validationAccuracy > 0.9, JSON.stringify(epochs[7]));
  });

  it('requireTrainable(model) says of a model what it lacks, and what to do', () => {
    const cases: [tf.LayersModel, RegExp][] = [
      [build('linear'), /ends in the activation linear.*expected softmax/],
      [build('softmax', { ...compiled, metrics: [] }), /the metrics none; expected accuracy/],
      [build('softmax', { ...compiled, metrics: ['mse'] }), /the metrics mse; expected accuracy/],
      [
        build('tanh', { ...compiled, loss: 'hinge' }),
        /the loss hinge, which takes labels of -1 and 1/,
      ],
      [
        build('softmax', { ...compiled, loss: 'binaryCrossentropy' }),
        /metrics acc; expected categoricalAccuracy/,
      ],
    ];
    for (const [model, message] of cases) {
      assert.throws(() => requireTrainable(model), message);
    }
  });

  it('requireTrainable(model) names a model not compiled, disposed, or of another form', () => {
    const input = tf.input({ shape: [4, 4, 1] });
    const flat = layers.flatten().apply(input) as tf.SymbolicTensor;
    const output = layers.dense({ units: 3 }).apply(flat) as tf.SymbolicTensor;
    const bare = tf.model({ inputs: input, outputs: output, name: 'bare' });
    assert.throws(
      () => requireTrainable(bare),
      /model bare is not compiled; call model\.compile\(/,
    );
    const two = tf.model({ inputs: input, outputs: [output, flat], name: 'two' });
    assert.throws(
      () => requireTrainable(two),
      /model two has 1 inputs and 2 outputs; expected one/,
    );
    const map = tf.sequential({
      name: 'map',
      layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [4, 4, 1] })],
    });
    map.compile(compiled as tf.ModelCompileArgs);
    assert.throws(() => requireTrainable(map), /outputs of shape \[4, 4, 3\].*tf\.layers\.flatten/);
    const gone = build();
    gone.dispose();
    models.pop();
    assert.throws(() => requireTrainable(gone), /model own is disposed; build or load it again/);
    tf.dispose(map.getWeights());
    tf.dispose(bare.getWeights());
  });

  it('requireTrainable(model) refuses what tfjs would only fail on: frozen, bare, unbounded', () => {
    const frozen = build();
    frozen.trainable = false;
    assert.throws(
      () => requireTrainable(frozen),
      /model own has nothing to train.*trainable = true/,
    );
    frozen.trainable = true;
    const bare = tf.sequential({
      layers: [
        layers.flatten({ inputShape: [4, 4, 1] }),
        layers.batchNormalization({ scale: false, name: 'bare' }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    bare.compile(compiled as tf.ModelCompileArgs);
    const number = tf.sequential({
      name: 'number',
      layers: [layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 1 })],
    });
    number.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['accuracy'] });
    models.push(bare, number);
    assert.throws(() => requireTrainable(bare), /layer bare of model .* without scale or center/);
    assert.throws(() => requireTrainable(number), /model number gives one number without bounds/);
  });

  it('train(model, ...) refuses callbacks that are none, and checkpoint files that cannot be', async () => {
    const digits = stripes(30);
    const attempt = (options: object) => train(build(), digits, digits, { epochs: 1, ...options });
    for (const callbacks of [{}, [null], [{ onEpochEnd() {} }]]) {
      await assert.rejects(attempt({ callbacks }), /callbacks has something that is no callback/);
    }
    for (const checkpointFile of ['', 5]) {
      await assert.rejects(attempt({ checkpointFile }), /checkpointFile is .*expected the path/);
    }
    await assert.rejects(attempt({ checkpointFile: os.tmpdir() }), /is a folder; expected a file/);
    const model = build('softmax', { ...compiled, optimizer: tf.train.adamax(0.1) });
    const checkpointFile = path.join(os.tmpdir(), 'never-written.safetensors');
    await assert.rejects(
      train(model, digits, digits, { epochs: 1, checkpointFile }),
      /the optimizer Adamax cannot be kept in .*never-written.*Leave out checkpointFile/,
    );
  });

  it('train(model, ...) refuses the checkpoint of another loss or other settings of Adam', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'compilation-test-'));
    try {
      const digits = stripes(30);
      const options = { epochs: 1, checkpointFile: path.join(folder, 'run.safetensors') };
      const start = () => build('softmax', { ...compiled, optimizer: tf.train.adam(0.001) });
      await train(start(), digits, digits, options);
      await train(start(), digits, digits, options);
      const loss = build('softmax', {
        ...compiled,
        optimizer: tf.train.adam(0.001),
        loss: 'categoricalCrossentropy',
      });
      const betas = build('softmax', { ...compiled, optimizer: tf.train.adam(0.001, 0.5) });
      await assert.rejects(train(loss, digits, digits, options), /loss was .* and is "categorical/);
      await assert.rejects(train(betas, digits, digits, options), /optimizer was .* and is/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('labelForm, accuracyPlace and guessingLoss follow the compilation', () => {
    const model = build();
    assert.deepEqual([labelForm(model), accuracyPlace(model)], ['whole numbers', 1]);
    assert.equal(guessingLoss(model), Math.log(3));
    model.compile({
      optimizer: 'sgd',
      loss: ['meanSquaredError'],
      metrics: ['mse', 'categoricalAccuracy'],
    });
    assert.deepEqual([labelForm(model), accuracyPlace(model)], ['one-hot rows', 2]);
    assert.equal(guessingLoss(model), undefined);
  });

  it('train(model, ...) trains layers that two models share, and each predicts after it', async () => {
    const base = build();
    const head = tf.sequential({ name: 'head' });
    for (const layer of base.layers.slice(0, -1)) head.add(layer);
    head.add(layers.dense({ units: 2, activation: 'softmax', name: 'head_output' }));
    head.compile(compiled as tf.ModelCompileArgs);
    const digits = stripes(30);
    const two = { ...digits, labels: digits.labels.map((label) => label % 2) };
    for (const fusedKernels of [true, false]) {
      const options = { epochs: 1, batchSize: 10, fusedKernels };
      await train(base, digits, digits, options);
      await train(head, two, two, options);
      await train(base, digits, digits, options);
      for (const [model, classes] of [
        [base, 3],
        [head, 2],
      ] as const) {
        const images = tf.tensor(digits.images, [30, 4, 4, 1]);
        const expected = (model.predict(images) as tf.Tensor).dataSync();
        const found = await predict(model, digits.images);
        assert.equal(found.length, 30 * classes);
        found.forEach((value, index) => assert.ok(Math.abs(value - expected[index]) < 1e-5));
      }
    }
    head.layers[1].dispose();
  });

  it('train(model, ...) goes on when a layer is unfrozen, and trains it from then on', async () => {
    for (const fusedKernels of [true, false]) {
      const model = tf.sequential({
        layers: [
          layers.flatten({ inputShape: [4, 4, 1] }),
          layers.dense({ units: 5, activation: 'relu' }),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
      models.push(model);
      const hidden = model.layers[1];
      model.compile(compiled as tf.ModelCompileArgs);
      hidden.trainable = false;
      const digits = stripes(30);
      const options = { epochs: 1, batchSize: 10, fusedKernels };
      const kernel = () => [...hidden.getWeights()[0].dataSync()];
      const first = kernel();
      await train(model, digits, digits, options);
      if (fusedKernels) assert.deepEqual(kernel(), first);
      hidden.trainable = true;
      await train(model, digits, digits, options);
      assert.notDeepEqual(kernel(), first);
      hidden.trainable = false;
      await train(model, digits, digits, options);
    }
  });

  it('train(model, ...) leaves what was frozen at compilation, with a warning, until it is anew', async () => {
    const before = console.warn;
    const warnings: string[] = [];
    console.warn = (text: string) => warnings.push(text);
    try {
      for (const fusedKernels of [true, false]) {
        const model = tf.sequential({
          name: 'own',
          layers: [
            layers.flatten({ inputShape: [4, 4, 1] }),
            layers.dense({ units: 5, activation: 'relu', trainable: false }),
            layers.dense({ units: 3, activation: 'softmax' }),
          ],
        });
        models.push(model);
        const hidden = model.layers[1];
        model.compile(compiled as tf.ModelCompileArgs);
        hidden.trainable = true;
        const digits = stripes(30);
        const options = { epochs: 1, batchSize: 10, fusedKernels };
        const kernel = () => [...hidden.getWeights()[0].dataSync()];
        const first = kernel();
        warnings.length = 0;
        await train(model, digits, digits, options);
        assert.deepEqual(kernel(), first);
        assert.match(warnings.join(), /2 weights of model own were frozen when it was compiled/);
        model.compile(compiled as tf.ModelCompileArgs);
        await train(model, digits, digits, options);
        assert.notDeepEqual(kernel(), first);
      }
    } finally {
      console.warn = before;
    }
  });

  it('train(model, ...) with a layer used twice takes the steps that tfjs takes', async () => {
    const weights = [true, false].map(async (fusedKernels) => {
      const model = tf.sequential({
        layers: [
          layers.flatten({ inputShape: [4, 4, 1] }),
          layers.dense({ units: 6, kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }) }),
        ],
      });
      models.push(model);
      const kernelInitializer = tf.initializers.glorotUniform({ seed: 2 });
      const twice = layers.dense({ units: 6, kernelInitializer });
      model.add(twice);
      model.add(twice);
      const last = tf.initializers.glorotUniform({ seed: 3 });
      model.add(layers.dense({ units: 3, activation: 'softmax', kernelInitializer: last }));
      model.compile(compiled as tf.ModelCompileArgs);
      await train(model, stripes(30), stripes(30), { epochs: 1, batchSize: 30, fusedKernels });
      return [...twice.getWeights()[0].dataSync()];
    });
    const [fast, stock] = await Promise.all(weights);
    fast.forEach((value, index) => assert.ok(Math.abs(value - stock[index]) < 1e-5));
  });

  it('train(model, ...) refuses outputs that are no probabilities, and takes a softmax layer', async () => {
    const digits = stripes(30);
    for (const [end, isRight] of [
      [layers.leakyReLU({ name: 'end' }), false],
      [layers.reshape({ targetShape: [3], name: 'end' }), false],
      [layers.softmax({ name: 'end' }), true],
    ] as const) {
      const model = tf.sequential({
        name: 'own',
        layers: [layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 3 }), end],
      });
      models.push(model);
      model.compile(compiled as tf.ModelCompileArgs);
      const training = train(model, digits, digits, { epochs: 1 });
      if (isRight) assert.equal((await training).epochs.length, 1);
      else
        await assert.rejects(
          training,
          /model own gives for the first image \[.*expected a softmax/,
        );
    }
  });

  it('train(model, ...) refuses a model that is in training, and one that shares its layers', async () => {
    const model = build();
    const digits = stripes(30);
    const first = train(model, digits, digits, { epochs: 2 });
    const second = train(model, digits, digits, { epochs: 1 });
    await assert.rejects(second, /model own is in training already, or shares layers with a model/);
    assert.equal((await first).epochs.length, 2);
    assert.equal((await train(model, digits, digits, { epochs: 1 })).epochs.length, 1);
  });

  it('train(model, ...) repeats a model within a model to the bit, dropout and its seed included', async () => {
    const run = async () => {
      const inner = tf.sequential({
        layers: [
          layers.flatten({ inputShape: [4, 4, 1] }),
          layers.dense({ units: 8, kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }) }),
          layers.dropout({ rate: 0.5, seed: 11 }),
        ],
      });
      const kernelInitializer = tf.initializers.glorotUniform({ seed: 4 });
      const output = layers.dense({ units: 3, activation: 'softmax', kernelInitializer });
      const outer = tf.sequential({ layers: [inner, output] });
      models.push(outer);
      outer.compile(compiled as tf.ModelCompileArgs);
      const digits = stripes(30);
      const { epochs } = await train(outer, digits, digits, { epochs: 2, batchSize: 10 });
      assert.equal((inner.layers[2] as unknown as { seed: number }).seed, 11);
      return [epochs.map(({ loss }) => loss), [...(await predict(outer, digits.images))]];
    };
    assert.deepEqual(await run(), await run());
  });

  it('train and predict take a fixed batch size, and what no graph covers', async () => {
    const model = tf.sequential({
      layers: [
        layers.conv2d({ filters: 2, kernelSize: 3, batchInputShape: [8, 4, 4, 1] }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    models.push(model);
    model.compile(compiled as tf.ModelCompileArgs);
    const digits = stripes(30);
    const { epochs } = await train(model, digits, digits, { epochs: 1, batchSize: 7 });
    assert.ok(epochs[0].validationLoss > 0);
    assert.equal((await predict(model, digits.images)).length, 90);
  });
});

/** Images whose brightest quarter tells their class, 0 to 2. */
function stripes(count: number): DigitSet {
  const random = seededRandom(5, 'stripes');
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 3);
  const images = Float32Array.from({ length: count * 16 }, (_, index) => {
    const [image, row] = [Math.floor(index / 16), Math.floor((index % 16) / 4)];
    return 0.3 * random() + (labels[image] === row ? 0.7 : 0);
  });
  return { images, labels, count };
}
