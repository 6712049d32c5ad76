import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PNG } from 'pngjs';
import { MnistClassifier } from '../lib/classifier';
import { architectureNames, type NetworkBuilder } from '../lib/networks/architectures';
import { selectDigits } from '../lib/data/digits';
import { accuracy, logLoss } from '../lib/metrics/metrics';
import { loadDigits } from '../lib/data/mnist';
import { buildDeeperCnn } from '../lib/networks/deeperCnn';
import { buildSimpleCnn } from '../lib/networks/simpleCnn';
import type { NetworkOptions } from '../lib/networks/layerStack';
import { saveModel } from '../lib/formats/tfjsLayers';
import { readPicture } from '../lib/picture/readFile';
import { tf } from '../lib/platform/tensorflow';
import { drawnSet } from './fixtures';

const small: NetworkBuilder = (options) =>
  buildSimpleCnn({ ...options, filters: [4], denseUnits: 8 });
const digits = { train: drawnSet(20), validation: drawnSet(2), test: drawnSet(3) };
const recipe = { epochs: 6, batchSize: 12 };

describe('classifier', () => {
  let folder: string;
  let trained: MnistClassifier;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'classifier-test-'));
    trained = new MnistClassifier({ architecture: small, learningRate: 0.01, seed: 3 });
    await trained.train(digits, recipe);
  });

  after(async () => {
    trained.dispose();
    await rm(folder, { recursive: true });
  });

  it('new MnistClassifier() is the deeper network with 468,714 parameters', () => {
    const classifier = new MnistClassifier();
    const expected = buildDeeperCnn();
    assert.equal(classifier.network.countParams(), 468_714);
    assert.deepEqual(
      classifier.network.layers.map((layer) => layer.getConfig()),
      expected.layers.map((layer) => layer.getConfig()),
    );
    expected.dispose();
    classifier.dispose();
  });

  it('new MnistClassifier({ architecture }) takes every name, and refuses others', () => {
    for (const architecture of architectureNames) {
      const classifier = new MnistClassifier({ architecture });
      assert.equal(classifier.network.name, architecture.replace('-', '_'));
      classifier.dispose();
    }
    for (const name of ['resnet', 'toString', '']) {
      assert.throws(() => new MnistClassifier({ architecture: name as 'baseline' }), {
        name: 'RangeError',
        message:
          `architecture is ${name}; expected one of baseline, simple-cnn, regularized-cnn, ` +
          'deeper-cnn, residual-cnn, tiny-cnn, fast-cnn, or a function that builds a network',
      });
    }
  });

  it('new MnistClassifier(options) refuses rates not above 0, and other than ten names', () => {
    for (const learningRate of [0, -1, NaN, Infinity]) {
      assert.throws(
        () => new MnistClassifier({ learningRate }),
        /RangeError: learningRate is .*; expected a number above 0/,
      );
    }
    assert.throws(
      () => new MnistClassifier({ classNames: ['a'] }),
      /RangeError: classNames has 1 names; expected 10/,
    );
  });

  it('network refuses a builder of networks for other images or classes', () => {
    const other = (options: NetworkOptions) => buildSimpleCnn({ ...options, imageSize: 32 });
    assert.throws(
      () => new MnistClassifier({ architecture: other }).network,
      /RangeError: .* is a network from 32 x 32 x 1 to 10; expected one from 28 x 28 x 1 to 10/,
    );
  });

  it('evaluate, predict, predictImage and save say what to call before them', async () => {
    const classifier = new MnistClassifier({ architecture: small });
    const calls = {
      evaluate: () => classifier.evaluate(digits.test),
      predict: () => classifier.predict(digits.test.images),
      predictImage: () => classifier.predictImage('digit.png'),
      save: () => classifier.save(path.join(folder, 'untrained')),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assert.rejects(call, {
        message:
          `${name} needs a trained network, and this classifier has none yet: call train(digits) ` +
          'first, or get a trained one by MnistClassifier.load(folder)',
      });
    }
  });

  it('loadDigits(options) splits by the seed of the classifier', async () => {
    const sample = { limit: 100, mirrors: [], dataFolder: folder, log: () => {} };
    const { MNIST_DIR } = process.env;
    delete process.env.MNIST_DIR;
    try {
      const [one, other] = [
        await new MnistClassifier({ seed: 1 }).loadDigits(sample),
        await new MnistClassifier({ seed: 2 }).loadDigits(sample),
      ];
      assert.deepEqual(one, await loadDigits({ ...sample, seed: 1 }));
      assert.notDeepEqual(other.train.labels, one.train.labels);
    } finally {
      if (MNIST_DIR !== undefined) process.env.MNIST_DIR = MNIST_DIR;
    }
  });

  it('train(digits) learns, and keeps the epoch with the lowest validation loss', async () => {
    const { history } = trained;
    assert.ok(history);
    const losses = history.epochs.map(({ validationLoss }) => validationLoss);
    assert.equal(history.keptEpoch, losses.indexOf(Math.min(...losses)) + 1);
    const { loss, accuracy } = await trained.evaluate(digits.validation);
    assert.ok(Math.abs(loss - Math.min(...losses)) < 1e-6);
    assert.equal(accuracy, 1);
  });

  it('train(digits) does not depend on earlier calls', async () => {
    const classifier = new MnistClassifier({ architecture: small, learningRate: 0.01, seed: 3 });
    await classifier.train(digits, { epochs: 1, batchSize: 3 });
    await classifier.train(digits, recipe);
    assert.deepEqual(await predictions(classifier), await predictions(trained));
    classifier.dispose();
  });

  it('train(digits) that fails or is stopped before its first epoch keeps the network', async () => {
    const before = await predictions(trained);
    const images = digits.train.images.slice().fill(NaN, 0, 1);
    const nan = { ...digits, train: { ...digits.train, images } };
    const tensors = tf.memory().numTensors;
    await assert.rejects(trained.train(nan, recipe), { name: 'RangeError' });
    const onProgress = () => {
      throw new Error('no more');
    };
    await assert.rejects(trained.train(digits, { ...recipe, onProgress }), { message: 'no more' });
    const { interrupted } = await trained.train(digits, { ...recipe, signal: AbortSignal.abort() });
    assert.equal(interrupted, true);
    assert.deepEqual(await predictions(trained), before);
    assert.equal(tf.memory().numTensors, tensors);
  });

  it('train(digits, options) refuses batches larger than the data, and epochs below 1', async () => {
    await assert.rejects(trained.train(digits, { batchSize: 121 }), {
      name: 'RangeError',
      message:
        'batchSize is 121, but there are 120 training digits; ' +
        'expected a whole number from 1 to their number',
    });
    for (const epochs of [0, -3, 1.5, NaN]) {
      await assert.rejects(trained.train(digits, { ...recipe, epochs }), {
        name: 'RangeError',
        message: `epochs is ${epochs}; expected a whole number from 1`,
      });
    }
  });

  it('evaluate(digits) gives what the metrics give', async () => {
    const { images, labels } = digits.test;
    const mistaken = { ...digits.test, labels: labels.map((label, i) => (i < 2 ? 9 : label)) };
    const result = await trained.evaluate(mistaken);
    assert.equal(result.accuracy, accuracy(mistaken.labels, result.guesses));
    assert.equal(result.loss, logLoss(mistaken.labels, result.probabilities));
    assert.equal(result.errors, Math.round(18 * (1 - result.accuracy)));
    assert.ok(result.errors >= 2);
    assert.ok(result.interval.low < result.accuracy && result.accuracy < result.interval.high);
    assert.equal(
      result.confusionMatrix[9].reduce((sum, count) => sum + count),
      2,
    );
    assert.equal(result.report.accuracy, result.accuracy);
    assert.equal(result.probabilities.length, images.length / 78.4);
  });

  it('predict(images) gives the guess with its name, confidence and probabilities', async () => {
    const [first] = await trained.predict(selectDigits(digits.test, [4]).images);
    assert.equal(first.guess, 5);
    assert.equal(first.className, '5');
    assert.equal(first.probabilities.length, 10);
    assert.equal(first.confidence, Math.max(...first.probabilities));
    await assert.rejects(trained.predict(new Float32Array(100)), /RangeError: images has 100/);
  });

  it('predictImage(picture) reads a file and its bytes alike', async () => {
    const file = path.join(folder, 'five.png');
    const bytes = enlarged(selectDigits(digits.test, [4]).images, 8);
    await writeFile(file, bytes);
    const [ofFile, ofBytes] = [await trained.predictImage(file), await trained.predictImage(bytes)];
    const [expected] = await trained.predict(await readPicture(bytes));
    assert.deepEqual(ofFile, expected);
    assert.deepEqual(ofBytes, ofFile);
    await assert.rejects(trained.predictImage(path.join(folder, 'none.png')), {
      name: 'PictureError',
    });
  });

  it('MnistClassifier.load(folder) gives the same probabilities, names and history', async () => {
    const place = path.join(folder, 'saved');
    await trained.save(place);
    const loaded = await MnistClassifier.load(place);
    assert.deepEqual(await predictions(loaded), await predictions(trained));
    assert.deepEqual(loaded.history, trained.history);
    assert.deepEqual(loaded.classNames, trained.classNames);
    const { userDefinedMetadata } = JSON.parse(
      await readFile(path.join(place, 'model.json'), 'utf8'),
    );
    const { seed, preprocessing, runtime, learningRate } = userDefinedMetadata.classifier;
    assert.deepEqual([seed, learningRate], [3, 0.01]);
    assert.match(preprocessing, /20 x 20 keeping its aspect/);
    assert.equal(runtime.tfjs, tf.version.tfjs);
    await assert.rejects(loaded.train(digits, recipe), /builder that is not saved with it/);
    assert.deepEqual(await predictions(loaded), await predictions(trained));
    loaded.dispose();
  });

  it('MnistClassifier.load(folder) of a named architecture can be trained again', async () => {
    const place = path.join(folder, 'baseline');
    const options = { architecture: 'baseline', seed: 5, learningRate: 0.002 } as const;
    const first = new MnistClassifier(options);
    await first.train(digits, recipe);
    await first.save(place);
    const loaded = await MnistClassifier.load(place);
    await loaded.train(digits, recipe);
    assert.deepEqual(await predictions(loaded), await predictions(first));
    first.dispose();
    loaded.dispose();
  });

  it('MnistClassifier.load(folder) refuses networks of another shape, and bare ones', async () => {
    const place = path.join(folder, 'bare');
    const bare = buildSimpleCnn({ filters: [2], denseUnits: 2 });
    await saveModel(bare, place);
    await assert.rejects(
      MnistClassifier.load(place),
      /bare holds a network without class names and history; expected .* Use loadModel/,
    );
    const other = buildSimpleCnn({ filters: [2], denseUnits: 2, imageSize: 12, classCount: 3 });
    const before = tf.memory().numTensors;
    await saveModel(other, place);
    await assert.rejects(
      MnistClassifier.load(place),
      /RangeError: .*bare is a network from 12 x 12 x 1 to 3; expected one from 28 x 28 x 1 to 10/,
    );
    assert.equal(tf.memory().numTensors, before);
    other.dispose();
    bare.dispose();
  });
});

async function predictions(classifier: MnistClassifier): Promise<number[][]> {
  const rows = await classifier.predict(digits.test.images);
  return rows.map(({ probabilities }) => [...probabilities]);
}

/** A digit as a PNG, dark on light, each pixel `times` as wide and high. */
function enlarged(images: Float32Array, times: number): Buffer {
  const side = 28 * times;
  const png = new PNG({ width: side, height: side });
  for (let at = 0; at < side * side; at++) {
    const [row, column] = [Math.floor(at / side), at % side].map((it) => Math.floor(it / times));
    png.data.fill(255 * (1 - images[28 * row + column]), 4 * at, 4 * at + 3);
    png.data[4 * at + 3] = 255;
  }
  return PNG.sync.write(png);
}
