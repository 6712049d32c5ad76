import assert from 'node:assert/strict';
import { digitsFor, pixelsFor, type LabelledImages, type Pixels } from '../../lib/training/arrays';
import { MnistClassifier } from '../../lib/classifier';
import { digitsDigest } from '../../lib/training/checkpoint';
import { mostProbableClasses, logLoss } from '../../lib/metrics/metrics';
import { reliabilityBins } from '../../lib/metrics/calibration';
import { buildBaseline } from '../../lib/networks/baseline';
import { predict } from '../../lib/training/predict';
import { seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { train } from '../../lib/training/train';
import { drawnDigits, drawnSet } from '../fixtures';

/** A network that takes color pictures which are not square. */
const colors = flatNetwork([2, 3, 3], 4);
/** A network of small gray pictures. */
const gray = flatNetwork([2, 2, 1], 3);
/** Two gray pictures, in numbers that 32 bits hold. */
const numbers = [0, 0.25, 0.5, 0.75, 1, 0, 0.125, 0.5];
const set = { images: Float32Array.from(numbers), labels: Uint8Array.of(2, 0), count: 2 };

const bytes = drawnDigits.flatMap(({ pixels }) => [...pixels]);

it('pixelsFor(model, images) takes Float32Arrays as they are', () => {
  assert.equal(pixelsFor(gray, set.images), set.images);
});

for (const [name, images] of [
  ['a plain array', numbers],
  ['a Float64Array', Float64Array.from(numbers)],
  ['a plain array for each image', [numbers.slice(0, 4), numbers.slice(4)]],
  ['a Float32Array for each image', [0, 4].map((at) => set.images.subarray(at, at + 4))],
  ['rows of numbers', [0, 4].map((at) => [0, 2].map((row) => nth(at + row)))],
  [
    'rows of pixels with one channel',
    [0, 4].map((at) => [0, 2].map((row) => nth(at + row).map((pixel) => [pixel]))),
  ],
] satisfies [string, Pixels][]) {
  it(`pixelsFor(model, images) takes ${name}`, () => {
    assert.deepEqual(pixelsFor(gray, images), set.images);
  });
}

for (const [name, images] of [
  ['a Uint8Array', Uint8Array.from(bytes)],
  ['a Buffer', Buffer.from(bytes)],
  ['a Uint8ClampedArray', Uint8ClampedArray.from(bytes)],
  ['a Uint8Array for each image', drawnDigits.map(({ pixels }) => pixels)],
] satisfies [string, Pixels][]) {
  it(`pixelsFor(model, images) divides the bytes of ${name} by 255`, () => {
    const network = buildBaseline();
    assert.deepEqual(pixelsFor(network, images), drawnSet().images);
    network.dispose();
  });
}

it('pixelsFor(model, images) takes one image as rows, and color as height, width and channels', () => {
  assert.deepEqual([...pixelsFor(gray, [[0, 1], [0.5, 0]])], [0, 1, 0.5, 0]); // prettier-ignore
  const picture = Array.from({ length: 2 }, (_, y) =>
    Array.from({ length: 3 }, (_, x) => [y / 2, x / 4, 1]),
  );
  assert.deepEqual([...pixelsFor(colors, [picture, picture])].slice(0, 6), [0, 0, 1, 0, 0.25, 1]);
  assert.equal(pixelsFor(colors, [picture, picture]).length, 36);
});

for (const [images, message] of [
  [
    changed(numbers, 5, 255),
    'images[5] (image 1, pixel 1) is 255; expected a number from 0 to 1. Divide pixels of 0 to ' +
      '255 by 255, or give them as a Uint8Array',
  ],
  [
    changed(numbers, 7, NaN),
    'images[7] (image 1, pixel 3) is NaN; expected a number from 0 to 1. Look where the images ' +
      'are made for a division by 0 or a missing value',
  ],
  [Float32Array.from(changed(numbers, 0, Infinity)), /^images\[0\] \(image 0, pixel 0\) is Infin/],
  [
    changed(numbers, 3, -0.5),
    /^images\[3\] \(image 0, pixel 3\) is -0\.5; .+tf\.layers\.rescaling/,
  ],
  [changed<unknown>(numbers, 2, null), 'images[2] is null; expected a number'],
  [changed<unknown>(numbers, 2, '0.5'), 'images[2] is "0.5"; expected a number'],
  [BigInt64Array.of(0n, 1n, 1n, 0n), 'images[0] is 0n; expected a number'],
  [
    Uint8Array.of(0, 1, 1, 0),
    /^images is bytes, none of them above 1; .+ Float32Array\.from\(imag/,
  ],
  [[], /^images has 0 pixels; expected a positive multiple of 4, since model .+ of 2 x 2 x 1/],
  [
    [[]],
    /^images is arrays of 1 x 0 numbers; expected images of 2 x 2 x 1 or 4 or 2 x 2, as model/,
  ],
  [numbers.slice(1), /^images has 7 pixels; expected a positive multiple of 4/],
  [
    [numbers.slice(4), numbers.slice(5)],
    'images[1] has 3 numbers; expected 4, as the first one has',
  ],
  [[numbers.slice(4), 7], 'images[1] is 7; expected 4, as the first one has'],
  [[Uint8Array.of(0, 9, 9, 9), numbers.slice(4)], /^images\[1\] is of another type than/],
  // Pixels by images, as in a table with an image in each column.
  [[[0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]], /^images is arrays of 4 x 3 numbers; expected/], // prettier-ignore
  [undefined, /^images is undefined; expected pixels in an array or typed array/],
  ['digits.png', /^images is "digits\.png"; expected pixels/],
  [gray, /^images is an object \(Sequential\); expected pixels/],
] as [Pixels, string | RegExp][]) {
  it(`pixelsFor(model, images) refuses: ${message}`, () => {
    assert.throws(() => pixelsFor(gray, images), { name: 'RangeError', message });
  });
}

it('pixelsFor(model, images) refuses one wrong pixel wherever it is', () => {
  for (const [wrong, length] of [0, 1, 2, 3].flatMap((at) => [4, 8].map((n) => [n - 1 - at, n]))) {
    for (const value of [NaN, -NaN, 1.001, -0.001, Infinity, -Infinity]) {
      const images = new Float32Array(length);
      images[wrong] = value;
      assert.throws(() => pixelsFor(gray, images), { message: new RegExp(`^images.${wrong}. `) });
    }
  }
});

it('pixelsFor(model, images) lets pass what rounding does', () => {
  const rounded = Float32Array.of(1 + 2 ** -23, -1e-9, -0, 1);
  assert.equal(pixelsFor(gray, rounded), rounded);
});

it('pixelsFor(model, images) refuses channels first, which has as many numbers', () => {
  const channel = [[0, 0, 0], [0, 0, 0]]; // prettier-ignore
  assert.throws(() => pixelsFor(colors, [[channel, channel, channel]]), {
    message: /^images is arrays of 1 x 3 x 2 x 3 numbers; expected images of 2 x 3 x 3 or 18, as/,
  });
});

it('pixelsFor(model, images) says that a model of any size has no images to count', () => {
  const model = tf.sequential({ name: 'any' });
  model.add(tf.layers.conv2d({ filters: 1, kernelSize: 1, inputShape: [null, null, 1] }));
  assert.throws(() => pixelsFor(model, numbers), {
    message: /^model any takes images of any x any x 1; expected fixed sizes. .+ inputShape/,
  });
});

it('digitsFor(model, set) takes typed arrays as they are', () => {
  const digits = digitsFor(gray, set, 'training');
  assert.equal(digits.images, set.images);
  assert.equal(digits.labels, set.labels);
  assert.equal(digits.count, 2);
});

for (const [name, labels] of [
  ['a plain array', [2, 0]],
  ['a Float32Array', Float32Array.of(2, 0)],
  ['a Float64Array', Float64Array.of(2, 0)],
  ['a Uint16Array', Uint16Array.of(2, 0)],
  ['a column', [[2], [0]]],
  ['one-hot rows', [[0, 0, 1], [1, 0, 0]]], // prettier-ignore
  ['one-hot typed rows', [Float32Array.of(0, 0, 1), Float32Array.of(1, 0, 0)]],
  ['one-hot rows one after the other', Float32Array.of(0, 0, 1, 1, 0, 0)],
] satisfies [string, LabelledImages['labels']][]) {
  it(`digitsFor(model, set) takes labels as ${name}`, () => {
    const digits = digitsFor(gray, { images: numbers, labels }, 'training');
    assert.deepEqual(digits, set);
    assert.equal(digitsDigest(digits), digitsDigest(set));
  });
}

it('digitsFor(model, set) takes an Int32Array, of more than 256 classes too', () => {
  const many = flatNetwork([2, 2, 1], 300);
  const labels = Int32Array.of(299, 256);
  assert.equal(digitsFor(many, { ...set, labels }, 'training').labels, labels);
  assert.deepEqual(digitsFor(many, { ...set, labels: [299, 256] }, 'training').labels, labels);
});

it('digitsFor(model, set) has two classes for a single output', () => {
  const single = flatNetwork([2, 2, 1], 1);
  assert.deepEqual([...digitsFor(single, { ...set, labels: [1, 0] }, 'training').labels], [1, 0]);
  assert.throws(() => digitsFor(single, set, 'training'), /labels\[0\] is 2; .+ from 0 to 1, /);
});

for (const [change, message] of [
  [{ labels: [-1, 0] }, /^training labels\[0\] is -1; expected a whole number from 0 to 2, since/],
  [{ labels: Float32Array.of(0, NaN) }, /^training labels\[1\] is NaN; expected a whole number/],
  [{ labels: [0, 2.5] }, /^training labels\[1\] is 2\.5; expected a whole number/],
  [{ labels: Uint8Array.of(0, 3) }, /^training labels\[1\] is 3; .+ has 3 outputs$/],
  [{ labels: ['2', '0'] }, /^training labels\[0\] is "2"; expected a whole number/],
  [{ labels: BigInt64Array.of(2n, 0n) }, /^training labels\[0\] is 2n; expected a whole number/],
  [{ labels: [0] }, 'training has 2 images and 1 labels; expected one label an image'],
  [{ labels: [0, 1, 2] }, 'training has 2 images and 3 labels; expected one label an image'],
  [{ labels: [[0, 0, 1], [0.5, 0.5, 0]] }, /^training labels\[1\] is \[0\.5, 0\.5, 0\]; expected a class, or a row of 3 numbers with 1 at the class/], // prettier-ignore
  [{ labels: [[0, 0, 1], [1, 0, 1]] }, /^training labels\[1\] is \[1, 0, 1\]; expected/], // prettier-ignore
  [{ labels: [[0, 0, 1], [0, 0, 0]] }, /^training labels\[1\] is \[0, 0, 0\]; expected/], // prettier-ignore
  [{ labels: [[0, 1], [1, 0]] }, /^training labels\[0\] is \[0, 1\]; expected/], // prettier-ignore
  [{ labels: [0, 0, 1, 0.5, 0.5, 0] }, /^training labels\[1\] is \[0\.5, 0\.5, 0\]; expected/],
  [{ labels: undefined }, /^training labels is undefined; expected one class an image/],
  [{ count: 3 }, /^training count is 3, but there are 2 images with labels; expected their number/],
  [
    { images: [], labels: [] },
    /^training has no images; expected one or more, each with its label$/,
  ],
  [{ images: undefined }, /^training images is undefined; expected pixels/],
  [
    { images: changed(numbers, 6, 200) },
    /^training images\[6\] \(image 1, pixel 2\) is 200; expec/,
  ],
] as [Partial<LabelledImages>, string | RegExp][]) {
  it(`digitsFor(model, set) refuses: ${message}`, () => {
    const given = { ...set, ...change };
    assert.throws(() => digitsFor(gray, given, 'training'), { name: 'RangeError', message });
  });
}

it('digitsFor(model, undefined) says what is not there', () => {
  const nothing = undefined as unknown as LabelledImages;
  assert.throws(() => digitsFor(gray, nothing, 'validation'), {
    message: /^validation images is undefined/,
  });
});

for (const fusedKernels of [true, false]) {
  it(`train(model, ..., { fusedKernels: ${fusedKernels} }) learns alike from all arrays`, async () => {
    const digits = drawnSet(4);
    const all = Array.from({ length: 4 }, () => bytes).flat();
    const oneHot = Array.from(digits.labels, (label) =>
      Array.from({ length: 10 }, (_, at) => Number(at === label)),
    );
    const plain = { images: [...digits.images], labels: [...digits.labels] };
    const losses: number[] = [];
    for (const given of [digits, plain, { images: Buffer.from(all), labels: oneHot }]) {
      const model = buildBaseline({ hiddenUnits: 4 });
      const { epochs } = await train(model, given, given, { epochs: 2, fusedKernels });
      losses.push(epochs[1].validationLoss);
      model.dispose();
    }
    assert.deepEqual(losses, [losses[0], losses[0], losses[0]]);
    assert.ok(losses[0] > 0);
  });

  it(`train(model, ..., { fusedKernels: ${fusedKernels} }) refuses before it learns`, async () => {
    const model = buildBaseline({ hiddenUnits: 4 });
    const before = model.getWeights().map((weight) => weight.dataSync().slice());
    const digits = drawnSet();
    const wrong: Partial<LabelledImages>[] = [
      { images: digits.images.map((pixel) => pixel * 255) },
      { images: digits.images.map(() => NaN) },
      { labels: Float32Array.from(digits.labels, (label) => label - 1) },
      { labels: Float32Array.from(digits.labels, () => NaN) },
      { count: 5 },
      { images: new Float32Array(0), labels: new Uint8Array(0), count: 0 },
    ];
    for (const change of wrong) {
      const bad = { ...digits, ...change };
      const options = { epochs: 1, fusedKernels };
      await assert.rejects(train(model, bad, digits, options), /^RangeError: training /);
      await assert.rejects(train(model, digits, bad, options), /^RangeError: validation /);
    }
    const after = model.getWeights().map((weight) => weight.dataSync().slice());
    assert.deepEqual(after, before);
    model.dispose();
  });
}

it('MnistClassifier takes bytes and one-hot labels, and refuses pixels of 0 to 255', async () => {
  const classifier = new MnistClassifier({ architecture: 'baseline' });
  const digits = drawnSet(2);
  const images = Uint8Array.from([...bytes, ...bytes]);
  const labels = Array.from(digits.labels, (label) =>
    Array.from({ length: 10 }, (_, at) => Number(at === label)),
  );
  const given = { images, labels };
  await classifier.train({ train: given, validation: given }, { epochs: 2, batchSize: 12 });
  const expected = await classifier.evaluate(digits);
  assert.deepEqual(await classifier.evaluate(given), expected);
  assert.deepEqual(
    (await classifier.predict(images)).map(({ guess }) => guess),
    [...expected.guesses],
  );
  const tooLarge = digits.images.map((pixel) => pixel * 255);
  await assert.rejects(classifier.predict(tooLarge), /RangeError: images\[\d+\] .+ is 128; /);
  await assert.rejects(classifier.evaluate({ ...digits, images: tooLarge }), /is 128; expected/);
  const short = { ...digits, labels: digits.labels.subarray(1) };
  await assert.rejects(classifier.evaluate(short), /has 12 images and 11 labels/);
  classifier.dispose();
});

for (const [shape, classes] of [
  [[4, 6, 3], 4],
  [[5, 3, 1], 300],
] as const) {
  for (const fusedKernels of [true, false]) {
    it(`train, predict and metrics work with images of ${shape.join(' x ')} in ${classes} classes, fusedKernels ${fusedKernels}`, async () => {
      const model = tf.sequential();
      model.add(tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [...shape] })); // prettier-ignore
      model.add(tf.layers.flatten());
      model.add(tf.layers.dense({ units: classes, activation: 'softmax' }));
      model.compile({
        optimizer: tf.train.adam(0.01),
        loss: 'sparseCategoricalCrossentropy',
        metrics: ['accuracy'],
      });
      const size = shape[0] * shape[1] * shape[2];
      const random = seededRandom(1, 'images');
      // Four images, each of its own class, the last of all among them.
      const images = Float32Array.from({ length: 4 * size }, () => random());
      const labels = Int32Array.from({ length: 4 }, (_, at) => classes - 4 + at);
      const given = { images, labels };
      await train(model, given, given, { epochs: 60, fusedKernels });
      const probabilities = await predict(model, images);
      const guesses = mostProbableClasses(probabilities, { classCount: classes });
      assert.deepEqual([...guesses], [...labels]);
      assert.ok(logLoss(labels, probabilities, { classCount: classes }) < Math.log(classes));
      const bins = reliabilityBins(labels, probabilities, { classCount: classes });
      assert.equal(
        bins.reduce((total, { count }) => total + count, 0),
        4,
      );
      model.dispose();
    });
  }
}

function flatNetwork(inputShape: number[], units: number): tf.Sequential {
  const model = tf.sequential();
  model.add(tf.layers.flatten({ inputShape }));
  model.add(tf.layers.dense({ units, activation: 'softmax' }));
  return model;
}

/** A row of two of the numbers. */
function nth(at: number): number[] {
  return numbers.slice(at, at + 2);
}

function changed<T = number>(values: readonly T[], at: number, value: T): T[] {
  return values.map((old, index) => (index === at ? value : old));
}
