import assert from 'node:assert/strict';
import type { DigitSet } from '../../lib/data/digits';
import { GraphTraining, type Batch } from '../../lib/engine';
import { compacted } from '../../lib/engine/data';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { drawSeed, seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { compiled, dataOf, images, seeds, slice, stripes, tiny } from './fixtures';

const { layers } = tf;

/** Twelve batches of 10 and one of 7, in another order than the data. */
const batches = Array.from({ length: 13 }, (_, batch) =>
  Array.from({ length: batch === 12 ? 7 : 10 }, (_, row) => (37 * (10 * batch + row)) % 127),
);

const networks = {
  'of dense layers': () =>
    compiled([
      layers.flatten(images),
      layers.dense({ units: 5, activation: 'relu', kernelInitializer: initializer(1) }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3, activation: 'softmax', kernelInitializer: initializer(2) }),
    ]),
  'of convolutions': () => buildRegularizedCnn(tiny),
};

const kinds: Readonly<Record<string, (data: Batch) => Batch>> = {
  floats: (data) => data,
  bytes: inBytes,
  'floats of bytes': (data) => inFloats(inBytes(data)),
};

it('GraphTraining keeps copies: steps leave what it was given as it was, and the other way round', async () => {
  const model = networks['of convolutions']();
  const data = stripes(127, 1);
  const first = await GraphTraining.compile(model, { data, averageDecay: 0.5 });
  assert.ok(first);
  const ownState = first.ownState();
  first.dispose();
  const before = [data.images, data.labels, ...ownState].map((values) => [...values]);
  const [given, kept] = [{ ...data, images: data.images.slice() }, data];
  const results = [];
  for (const resident of [given, kept]) {
    const training = await GraphTraining.compile(model, {
      ...{ data: resident, ownState, averageDecay: 0.5 },
    });
    assert.ok(training);
    if (resident === given) given.images.fill(0.5);
    const random = seededRandom(3, 'dropout');
    results.push(training.stepsOn(batches, () => drawSeed(random)));
    training.dispose();
  }
  assert.deepEqual(results[0], results[1]);
  assert.deepEqual(
    [data.images, data.labels, ...ownState].map((values) => [...values]),
    before,
  );
  model.dispose();
});

for (const [name, build] of Object.entries(networks)) {
  for (const replicas of [1, 2]) {
    for (const kind of Object.keys(kinds)) {
      it(`stepsOn(batches) of a network ${name} in ${replicas} parts steps as step on ${kind}, to the bit`, async () => {
        const data = kinds[kind](stripes(127, 1));
        const [byRows, byImages] = [build(), build()];
        const trained = await GraphTraining.compile(byRows, { replicas, data });
        const reference = await GraphTraining.compile(byImages, { replicas });
        assert.ok(trained && reference);
        const [draw, drawAgain] = [1, 2].map(() => {
          const random = seededRandom(3, 'dropout');
          return () => drawSeed(random);
        });
        const count = trained.stepsAtATime(10);
        assert.equal(count, name === 'of dense layers' && replicas === 1 ? 10 : 1);
        assert.equal(trained.stepsAtATime(5000), 1);
        const groups = [batches.slice(0, count), batches.slice(count)];
        const results = groups.flatMap((group) => trained.stepsOn(group, draw));
        const expected = batches.map((rows) => {
          return reference.step(selected(data, rows), drawAgain);
        });
        assert.deepEqual(results, expected);
        await trained.save();
        await reference.save();
        assert.deepEqual(byRows.weights.map(dataOf), byImages.weights.map(dataOf));
        [trained, reference].forEach((training) => training.dispose());
        [byRows, byImages].forEach((model) => model.dispose());
      });
    }
  }
}

it('compacted(data) gives bytes for numbers that are bytes divided by 255, and only for these', () => {
  const [bytes, data] = [inBytes(stripes(4, 1)), stripes(4, 1)];
  assert.deepEqual(compacted(inFloats(bytes)), bytes);
  assert.equal(compacted(data), data);
  assert.equal(compacted(bytes), bytes);
  for (const value of [NaN, -1 / 255, 256 / 255, 0.5, Infinity]) {
    const other = { ...data, images: Float32Array.of(...new Array(575).fill(1), value) };
    assert.equal(compacted(other), other, String(value));
  }
});

it('stepsOn(batches) says that a row is not in the data', async () => {
  const model = networks['of dense layers']();
  const training = await GraphTraining.compile(model, { data: stripes(5, 1) });
  assert.throws(
    () => training?.stepsOn([[0, 5]], seeds),
    /indices\[0?,?1\] = 5 is not in \[0, 5\)/,
  );
  training?.dispose();
  model.dispose();
});

it('stepsOn(batches) without data says what is missing', async () => {
  const model = networks['of dense layers']();
  const training = await GraphTraining.compile(model);
  assert.throws(() => training?.stepsOn([[0]], seeds), /no data.*GraphTraining.compile/);
  training?.dispose();
  model.dispose();
});

it('GraphTraining with data keeps no tensor and no graph', async () => {
  const { binding } = tf.backend() as unknown as {
    binding: { getNumOfSavedModels(): number; getNumOfTensors(): number };
  };
  const model = networks['of dense layers']();
  const counts = async () => {
    const training = await GraphTraining.compile(model, { data: stripes(127, 1) });
    training?.stepsOn(batches.slice(0, 10), seeds);
    training?.stepsOn(batches.slice(10), seeds);
    await training?.save();
    training?.dispose();
    return [tf.memory().numTensors, binding.getNumOfSavedModels(), binding.getNumOfTensors()];
  };
  const first = await counts();
  assert.deepEqual(await counts(), first);
  model.dispose();
});

function initializer(seed: number) {
  return tf.initializers.glorotUniform({ seed });
}

function inBytes({ images: numbers, ...digits }: Batch): Batch {
  return {
    ...digits,
    images: Uint8Array.from(numbers as Float32Array, (value) => Math.round(value * 255)),
  };
}

function inFloats({ images: bytes, ...digits }: Batch): Batch {
  return { ...digits, images: Float32Array.from(bytes, (byte) => byte / 255) };
}

/** The images and labels of some rows. */
function selected(data: Batch, rows: readonly number[]): Batch {
  const floats = data.images instanceof Uint8Array ? inFloats(data) : data;
  const picked = rows.map((row) => slice(floats as DigitSet, row, 1));
  return {
    images: Float32Array.from(picked.flatMap(({ images: pixels }) => [...pixels])),
    labels: Uint8Array.from(picked.flatMap(({ labels }) => [...labels])),
    count: rows.length,
  };
}
