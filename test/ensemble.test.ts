import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MnistClassifier } from '../lib/classifier';
import { Ensemble, type EnsembleOptions } from '../lib/ensemble';
import type { NetworkBuilder } from '../lib/networks/architectures';
import { buildSimpleCnn } from '../lib/networks/simpleCnn';
import { tf } from '../lib/platform/tensorflow';
import { drawnSet } from './fixtures';

const small: NetworkBuilder = (options) =>
  buildSimpleCnn({ ...options, filters: [4], denseUnits: 8 });
const digits = { train: drawnSet(10), validation: drawnSet(2), test: drawnSet(3) };
const classifier = { architecture: small, learningRate: 0.01 };
const training = { epochs: 2, batchSize: 12 };

describe('ensemble', () => {
  let folder: string;
  let ensemble: Ensemble;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ensemble-test-'));
    ensemble = await Ensemble.train(digits, { seeds: [1, 2, 3], classifier, training });
  });

  after(async () => {
    ensemble.dispose();
    await rm(folder, { recursive: true });
  });

  it('Ensemble.train(digits, { seeds }) has the networks that a classifier of each seed has', async () => {
    assert.equal(ensemble.members.length, 3);
    const alone = new MnistClassifier({ ...classifier, seed: 2 });
    await alone.train(digits, training);
    assert.deepEqual(
      await ensemble.members[1].predict(digits.test.images),
      await alone.predict(digits.test.images),
    );
    alone.dispose();
  });

  it('predict(images) gives the mean of the members, by hand', async () => {
    const rows = await Promise.all(
      ensemble.members.map((member) => member.predict(digits.test.images)),
    );
    const voted = await ensemble.predict(digits.test.images);
    voted.forEach(({ probabilities, guess, confidence, className }, image) => {
      probabilities.forEach((probability, label) => {
        const [a, b, c] = rows.map((predictions) => predictions[image].probabilities[label]);
        assert.ok(Math.abs(probability - (a + b + c) / 3) < 1e-6);
      });
      assert.equal(confidence, Math.max(...probabilities));
      assert.equal(probabilities[guess], confidence);
      assert.equal(className, String(guess));
    });
  });

  it('evaluate(digits) scores what predict gives, and takes one-hot labels', async () => {
    const { accuracy, probabilities, errors } = await ensemble.evaluate(digits.test);
    const voted = await ensemble.predict(digits.test.images);
    const wrong = voted.filter(({ guess }, image) => guess !== digits.test.labels[image]).length;
    assert.deepEqual([errors, accuracy], [wrong, 1 - wrong / digits.test.count]);
    assert.deepEqual([...voted[0].probabilities], Array.from(probabilities).slice(0, 10));
    const labels = Array.from(digits.test.labels, (label) =>
      Array.from({ length: 10 }, (_, place) => Number(place === label)),
    );
    const again = await ensemble.evaluate({ images: digits.test.images, labels });
    assert.equal(again.accuracy, accuracy);
  });

  it('save(folder) and Ensemble.load(folder) give the same probabilities to the bit', async () => {
    const place = path.join(folder, 'saved');
    await ensemble.save(place);
    assert.deepEqual((await readdir(place)).sort(), [
      'ensemble.json',
      'member-1',
      'member-2',
      'member-3',
    ]);
    const loaded = await Ensemble.load(place);
    assert.deepEqual(
      await loaded.predict(digits.test.images),
      await ensemble.predict(digits.test.images),
    );
    loaded.dispose();
    await assert.rejects(ensemble.save(place), /has an ensemble already; give another folder/);
  });

  it('Ensemble.load(folder) names the member that is damaged, and leaves no tensors', async () => {
    const place = path.join(folder, 'damaged');
    await ensemble.save(place);
    const member = path.join(place, 'member-2');
    const weights = (await readdir(member)).find((name) => name.endsWith('.bin'))!;
    const bytes = await readFile(path.join(member, weights));
    bytes[8] ^= 1;
    await writeFile(path.join(member, weights), bytes);
    const { numTensors } = tf.memory();
    await assert.rejects(Ensemble.load(place), /member-2.*is damaged/s);
    assert.equal(tf.memory().numTensors, numTensors);
    await rm(member, { recursive: true });
    await assert.rejects(Ensemble.load(place), /cannot read .*member-2/);
  });

  it('Ensemble.load(folder) refuses what is no list of members in it', async () => {
    const place = await mkdtemp(path.join(folder, 'list-'));
    await assert.rejects(Ensemble.load(place), /cannot read .*ensemble\.json.*Ensemble\.save/);
    for (const text of [
      '{}',
      '{"members":[]}',
      '{"members":["../saved/member-1"]}',
      '{"members":[7]}',
    ]) {
      await writeFile(path.join(place, 'ensemble.json'), text);
      await assert.rejects(Ensemble.load(place), /names no members; expected a folder/);
    }
  });

  it('an ensemble needs members, seeds that differ, and the same classes', async () => {
    assert.throws(() => new Ensemble([]), /RangeError: an ensemble of no members/);
    for (const members of [undefined, null, 'cnn', [null], [{}]]) {
      assert.throws(
        () => new Ensemble(members as never),
        /TypeError: members is no array of class/,
      );
    }
    for (const seeds of [[], [1, 1]]) {
      await assert.rejects(
        Ensemble.train(digits, { seeds, classifier, training }),
        /RangeError: seeds is \[.*\]; expected one or more different numbers/,
      );
    }
    const names = Array.from({ length: 10 }, (_, index) => `class ${index}`);
    const other = new MnistClassifier({ ...classifier, classNames: names });
    assert.throws(
      () => new Ensemble([...ensemble.members, other]),
      /RangeError: members\[3\] has the classes .*class 0.* expected the same/,
    );
  });

  it('Ensemble.train refuses what it would leave out', async () => {
    const refused: [object, RegExp][] = [
      [{ seeds: 3 }, /RangeError: seeds is 3; expected one or more different numbers/],
      [{ seeds: [1, 'x'] }, /RangeError: seeds is \[1,"x"\]/],
      [{ seeds: [1], clasifier: {} }, /TypeError: Ensemble\.train has no option clasifier/],
      [{ seeds: [1], training: { seed: 2 } }, /TypeError: training has a seed/],
      [{ seeds: [1], classifier: { seed: 2 } }, /TypeError: classifier has a seed/],
    ];
    for (const [options, message] of refused) {
      await assert.rejects(Ensemble.train(digits, options as EnsembleOptions), message);
    }
  });

  it('Ensemble.train interrupted gives the finished members, and before the first an error', async () => {
    const stop = new AbortController();
    let finished = 0;
    const some = await Ensemble.train(digits, {
      seeds: [1, 2],
      classifier,
      training: {
        ...training,
        signal: stop.signal,
        onProgress: ({ done }) => {
          if (done) finished++;
          else if (finished === 1) stop.abort();
        },
      },
    });
    assert.equal(some.members.length, 1);
    some.dispose();
    await assert.rejects(
      Ensemble.train(digits, {
        seeds: [1],
        classifier,
        training: { ...training, signal: stop.signal },
      }),
      /interrupted before the first member was trained/,
    );
  });
});
