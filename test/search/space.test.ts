import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkSpace, combinationsOf, nested, readSpace } from '../../search/space';

const folder = path.resolve(__dirname, '..', '..', 'search', 'spaces');

/** A space with settings beside two that fit. */
function spaceWith(settings: object, how: object = {}) {
  const shared = { architecture: 'deeper-cnn', epochs: 4 };
  const space = { purpose: 'A test', sampling: 'optuna', stopping: 'asha', ...how };
  return checkSpace({ ...space, settings: { ...shared, ...settings } }, 'mine');
}

it('the committed spaces fit', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  assert.deepEqual(files, ['augmentation.json', 'seeds.json', 'source-b.json']);
  const [augmentation, seeds, sourceB] = files.map((file) => readSpace(path.join(folder, file)));
  assert.equal(combinationsOf(augmentation).length, 36);
  assert.equal(combinationsOf(seeds).length, 30);
  assert.deepEqual(Object.keys(sourceB.domains), ['learningRate', 'batchSize', 'dropout']);
  assert.equal(sourceB.name, 'source-b');
});

it('checkSpace(parsed) takes a grace period below the epochs, for ASHA only', () => {
  const settings = { learningRate: { oneOf: [0.001, 0.01] } };
  assert.equal(spaceWith(settings, { gracePeriod: 3 }).gracePeriod, 3);
  for (const how of [{ gracePeriod: 4 }, { gracePeriod: 2, stopping: 'none' }]) {
    assert.throws(() => spaceWith(settings, how), {
      name: 'SettingsError',
      message: /^mine\.gracePeriod is \d, .*expected fewer than the epochs/,
    });
  }
  assert.throws(
    () => spaceWith(settings, { gracePeriod: 0 }),
    /mine\.gracePeriod is 0; expected a/,
  );
});

it('the spaces of report 05 fit, and its pairs of forty whole and stopped trainings are the same', () => {
  const own = path.join(folder, 'report-05');
  const spaces = readdirSync(own).map((file) => readSpace(path.join(own, file)));
  for (const pair of ['reduced', 'fast']) {
    const [whole, halved] = ['whole', 'asha'].map((how) =>
      spaces.find(({ name }) => name === `${pair}-${how}`)!,
    );
    assert.equal(combinationsOf(whole).length, 40);
    assert.deepEqual(combinationsOf(whole), combinationsOf(halved));
    assert.deepEqual(whole.fixed, halved.fixed);
    assert.deepEqual([whole.stopping, halved.stopping], ['none', 'asha']);
  }
});

it('checkSpace(parsed) tells what is searched from what all trials share', () => {
  const { fixed, domains } = spaceWith({
    learningRate: { from: 0.001, to: 0.01, scale: 'log' },
    augmentation: { rotation: { oneOf: [0, 10] }, shift: 0.1 },
    seed: { from: 1, to: 9 },
  });
  assert.deepEqual(fixed, {
    ...{ architecture: 'deeper-cnn', epochs: 4, 'augmentation.shift': 0.1 },
  });
  assert.deepEqual(domains, {
    learningRate: { from: 0.001, to: 0.01, scale: 'log', whole: false },
    'augmentation.rotation': { oneOf: [0, 10] },
    seed: { from: 1, to: 9, scale: undefined, whole: true },
  });
});

const anything = { oneOf: [1, 2] };
const wrong: [name: string, settings: object, message: RegExp, how?: object][] = [
  [
    'an unknown setting',
    { learnRate: anything },
    /^mine\.settings has learnRate, which is unknown; /,
  ],
  [
    'an unknown setting of a group',
    { augmentation: { turn: anything } },
    /augmentation has turn, which/,
  ],
  [
    'an empty range',
    { learningRate: { from: 0.1, to: 0.1 } },
    /learningRate goes from 0\.1 to 0\.1; expected/,
  ],
  [
    'an empty choice',
    { batchSize: { oneOf: [] } },
    /^mine\.settings\.batchSize\.oneOf is \[\]; expected an a/,
  ],
  [
    'a value twice',
    { batchSize: { oneOf: [8, 8] } },
    /batchSize\.oneOf is \[8,8\]; expected .* each once/,
  ],
  [
    'a wrong type',
    { batchSize: { oneOf: [32, 'many'] } },
    /settings\.batchSize is "many"; expected a whole/,
  ],
  [
    'a range of texts',
    { learningRate: { from: 'a', to: 'b' } },
    /learningRate\.from is "a"; expected a number/,
  ],
  [
    'a range without an end',
    { learningRate: { from: 1 } },
    /settings\.learningRate has no to; expected a numb/,
  ],
  [
    'a range with a misspelt end',
    { learningRate: { from: 1, too: 2 } },
    /learningRate has too, which is unkn/,
  ],
  [
    'an end out of range',
    { dropout: { from: 0, to: 1 } },
    /settings\.dropout is 1; expected a number from 0 to/,
  ],
  [
    'logarithms of 0',
    { weightDecay: { from: 0, to: 1, scale: 'log' } },
    /weightDecay\.from is 0; expected a numb/,
  ],
  [
    'a network without dropout',
    { architecture: { oneOf: ['deeper-cnn', 'baseline'] }, dropout: 0.1 },
    /but baseline/,
  ],
  [
    'nothing to search',
    { learningRate: 0.1 },
    /^mine\.settings has nothing to search; expected one or more/,
  ],
  [
    'epochs to search',
    { epochs: anything },
    /settings\.epochs is \{"oneOf":\[1,2\]\}; expected a whole number/,
  ],
  [
    'a range of epochs, as it is written',
    { epochs: { from: 1, to: 2 } },
    /settings\.epochs is \{"from":1,"to":2\}; expected a whole number/,
  ],
  [
    'epochs that are a text',
    { epochs: '3', batchSize: anything },
    /settings\.epochs is "3"; expected a whole number/,
  ],
  [
    'epochs that are nothing',
    { epochs: null, batchSize: anything },
    /settings\.epochs is null; expected a whole number/,
  ],
  [
    'no epochs',
    { epochs: undefined, batchSize: anything },
    /^mine\.settings has no epochs; expected a whole number/,
  ],
  [
    'a value that is nothing, where no other is searched',
    { learningRate: null },
    /settings\.learningRate is null; expected a number above 0/,
  ],
  [
    'an end that is not finite',
    { learningRate: { from: 0.1, to: Infinity } },
    /learningRate\.to is Infinity; expected a number/,
  ],
  [
    'a value that is not finite',
    { weightDecay: Infinity, batchSize: anything },
    /weightDecay is Infinity; expected a number/,
  ],
  [
    'a grid that nobody trains, before it is built',
    Object.fromEntries(
      ['batchSize', 'seed', 'limit', 'learningRate'].map((name) => [
        name,
        { oneOf: Array.from({ length: 100 }, (_, index) => 10 + index) },
      ]),
    ),
    /^mine\.settings has a grid of 100000000 combinations; expected at most 10000/,
    { sampling: 'grid' },
  ],
  [
    'a grid of a range',
    { dropout: { from: 0, to: 0.5 } },
    /dropout is a range, of which/,
    { sampling: 'grid' },
  ],
  [
    'an unknown stopping',
    { batchSize: anything },
    /mine\.stopping is "soon"; expected "asha" or "/,
    { stopping: 'soon' },
  ],
  [
    'an unknown word',
    { batchSize: anything },
    /^mine has sampler, which is unknown; expected purpose/,
    { sampler: 'x' },
  ],
];

for (const [name, settings, message, how] of wrong) {
  it(`checkSpace(parsed) refuses ${name}`, () => {
    assert.throws(() => spaceWith(settings, how), { name: 'SettingsError', message });
  });
}

it('readSpace(file) says what cannot be read', () => {
  assert.throws(
    () => readSpace('missing.json'),
    /^SettingsError: missing\.json cannot be read as a space: ENOENT/,
  );
  assert.throws(
    () => readSpace(__filename),
    /cannot be read as a space: .* Give a JSON file such as/s,
  );
});

it('readSpace(file) names the file that is wrong, and takes one with a mark of its encoding', () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'search-test-'));
  try {
    const file = path.join(scratch, 'mine.json');
    for (const text of ['[]', 'null']) {
      writeFileSync(file, text);
      const message = `${file}: mine is ${text}; expected an object with purpose, sampling, stopping and settings`;
      assert.throws(() => readSpace(file), { name: 'SettingsError', message });
    }
    const settings = { architecture: 'tiny-cnn', epochs: 2, batchSize: anything };
    const space = { purpose: 'A test', sampling: 'grid', stopping: 'none', settings };
    writeFileSync(file, `\uFEFF${JSON.stringify(space)}`);
    assert.equal(readSpace(file).fixed.epochs, 2);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

it('combinationsOf(space) tries each with each, and nested(flat) gives groups back', () => {
  const space = spaceWith(
    { batchSize: anything, augmentation: { zoom: { oneOf: [0, 0.1] } } },
    { sampling: 'grid' },
  );
  const combinations = combinationsOf(space);
  assert.equal(combinations.length, 4);
  assert.deepEqual(combinations[1], { batchSize: 1, 'augmentation.zoom': 0.1 });
  assert.deepEqual(nested({ ...combinations[1], 'augmentation.shift': 0 }), {
    ...{ batchSize: 1, augmentation: { zoom: 0.1, shift: 0 } },
  });
});
