import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { bounds, type WeightType } from '../../convert/formats';
import { MnistClassifier } from '../../lib/classifier';
import { loadDigits, type DigitData } from '../../lib/data/mnist';
import { wilsonInterval } from '../../lib/metrics/metrics';
import { evaluate } from '../../lib/training/evaluate';
import { loadModel } from '../../lib/formats/tfjsLayers';
import type { EpochResult } from '../../lib/training/train';
import { judgedEpoch, ranked, settingsOf, summary, type SearchRecord } from '../../search/record';

const root = path.resolve(__dirname, '..', '..');
const results = path.join(root, 'results', '01-three-models');
const classifierResults = path.join(root, 'results', '02-mnist-classifier');
const metrics = readJson(results, 'metrics.json');
const classifierMetrics = readJson(classifierResults, 'metrics.json');
const networks = {
  Baseline: { folder: 'baseline', parameters: 101_770, epochs: 5, atLeast: 0.973 },
  'Simple CNN': { folder: 'simple-cnn', parameters: 225_034, epochs: 10, atLeast: 0.99 },
  'Regularized CNN': { folder: 'regularized-cnn', parameters: 225_930, epochs: 12, atLeast: 0.993 },
};
const classifierNetwork = classifierMetrics.networks['deeper-cnn'];

let digits: DigitData | undefined;

for (const [name, { folder, parameters, epochs, atLeast }] of Object.entries(networks)) {
  it(`the saved ${folder} scores on the test digits exactly what metrics.json says`, async function () {
    digits ??= await loadDigits({ seed: metrics.settings.seed });
    if (digits.isSample) {
      this.skip(); // Without MNIST_DIR, a filled data/ or a network there are no test digits.
    }
    const model = await loadModel(path.join(results, 'models', folder));
    assert.equal(model.countParams(), parameters);
    const found = await evaluate(model, digits.test);
    model.dispose();
    const expected = metrics.networks[name].test;
    assert.equal(found.accuracy, expected.accuracy);
    assert.ok(Math.abs(found.loss - expected.loss) < 1e-6);
    assert.equal(found.errors, expected.errors);
    assert.deepEqual(found.confusionMatrix, expected.confusionMatrix);
  });

  it(`metrics.json has a whole training of ${folder} on the full MNIST that reached its mark`, () => {
    const { training, test } = metrics.networks[name];
    assert.equal(metrics.settings.quick, false);
    assert.deepEqual(
      [metrics.data.train, metrics.data.validation, metrics.data.test, metrics.data.isSample],
      [54_000, 6_000, 10_000, false],
    );
    assert.equal(training.epochs.length, epochs);
    const { validationAccuracy } = training.epochs.at(-1);
    assert.ok(validationAccuracy >= atLeast, `${validationAccuracy}`);
    assert.deepEqual(test.interval, wilsonInterval(10_000 - test.errors, 10_000));
  });
}

it('the saved classifier scores on the test digits exactly what metrics.json says', async function () {
  digits ??= await loadDigits({ seed: metrics.settings.seed });
  if (digits.isSample) {
    this.skip(); // As above.
  }
  const classifier = await MnistClassifier.load(path.join(classifierResults, 'model'));
  const { accuracy, errors, loss, confusionMatrix } = await classifier.evaluate(digits.test);
  assert.equal(classifier.network.countParams(), 468_714);
  assert.deepEqual(classifier.history, classifierNetwork.training);
  classifier.dispose();
  const { test } = classifierNetwork;
  assert.deepEqual([accuracy, errors], [test.accuracy, test.errors]);
  assert.deepEqual(confusionMatrix, test.confusionMatrix);
  assert.ok(Math.abs(loss - test.loss) < 1e-6);
});

it('metrics.json has a whole training of the classifier that reached its marks', () => {
  const { settings, data } = classifierMetrics;
  const { training, validation, test } = classifierNetwork;
  assert.deepEqual(settings, { seed: 42, epochs: 15, batchSize: 128, quick: false });
  assert.deepEqual(
    [data.train, data.validation, data.test, data.isSample],
    [54_000, 6_000, 10_000, false],
  );
  const losses = training.epochs.map((epoch: EpochResult) => epoch.validationLoss);
  assert.equal(training.keptEpoch, losses.indexOf(Math.min(...losses)) + 1);
  assert.ok(training.epochs.length <= 15);
  assert.ok(Math.abs(validation.loss - Math.min(...losses)) < 1e-5);
  assert.ok(test.accuracy >= 0.9945, `${test.accuracy}`);
  assert.ok(test.report.classes.every(({ recall }: { recall: number }) => recall > 0.985));
  assert.deepEqual(test.interval, wilsonInterval(10_000 - test.errors, 10_000));
});

it('the saved networks of the studies score on the validation digits exactly what their records say', async function () {
  const splitSeed = 42;
  digits = await loadDigits({ seed: splitSeed });
  if (digits.isSample) {
    this.skip(); // As above.
  }
  const studies = path.join(root, 'results', '03-how-far');
  const records = readdirSync(studies, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^[\w-]+\/[\w-]+-\d+\.json$/.test(file),
  );
  assert.ok(records.length >= 3);
  for (const file of records) {
    const { data, networks } = readJson(studies, file);
    assert.deepEqual([data.train, data.validation, data.isSample], [54_000, 6_000, false], file);
    const folder = path.join(studies, file.replace(/\.json$/, ''));
    if (!existsSync(folder)) continue;
    const [{ validation, parameters }] = Object.values(networks) as StudiedNetwork[];
    const classifier = await MnistClassifier.load(folder);
    const found = await classifier.evaluate(digits.validation);
    assert.equal(classifier.network.countParams(), parameters, file);
    assert.deepEqual([found.accuracy, found.errors], [validation.accuracy, validation.errors]);
    assert.ok(Math.abs(found.loss - validation.loss) < 1e-5, file);
    classifier.dispose();
  }
});

interface StudiedNetwork {
  readonly parameters: number;
  readonly validation: {
    readonly accuracy: number;
    readonly errors: number;
    readonly loss: number;
  };
}

it('metrics.json quotes the two other seeds as the script left them', () => {
  const { runs, meanAccuracy } = classifierMetrics.analysis.seeds;
  assert.deepEqual(
    runs.map(({ seed }: { seed: string }) => seed),
    ['42', '43', '44'],
  );
  const accuracies = [classifierNetwork.test.accuracy];
  for (const seed of ['43', '44']) {
    const run = readJson(root, 'results', 'seeds', seed, 'metrics.json');
    const { architecture, epochs, batchSize, validationSplit, learningRate } = run.settings;
    assert.deepEqual(
      [architecture, epochs, batchSize, validationSplit, learningRate, run.data.train],
      ['deeper-cnn', 15, 128, 0.1, 0.001, 54_000],
    );
    accuracies.push(run.networks['deeper-cnn'].test.accuracy);
  }
  runs.forEach((run: Record<string, number>, index: number) => {
    assert.equal(run['test accuracy (%)'], 100 * accuracies[index]);
  });
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy) / 3;
  assert.ok(Math.abs(meanAccuracy - 100 * mean) < 1e-9);
});

it('README.md quotes the accuracies of metrics.json', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  for (const network of [
    ...Object.values<typeof classifierNetwork>(metrics.networks),
    classifierNetwork,
  ]) {
    const { parameters, training, validation, test } = network;
    const validationAccuracy = validation?.accuracy ?? training.epochs.at(-1).validationAccuracy;
    const row = readme
      .split('\n')
      .find((line) => line.startsWith('|') && line.includes(parameters.toLocaleString('en-US')));
    assert.ok(row, `a row of the results table for ${parameters} parameters`);
    const interval = `${percent(test.interval.low)} to ${percent(test.interval.high)}`;
    for (const number of [percent(validationAccuracy), percent(test.accuracy), interval]) {
      assert.ok(row.includes(number), `${number} in ${row}`);
    }
  }
});

it('README.md quotes the test of report 03 as its metrics.json has it', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const { ofResidual, seedTable, test, vote } = readJson(studied, 'metrics.json').analysis;
  const row = (network: string, ...[seeds, validation, accuracy, low, high]: number[]) => {
    const [judged, mean, from, to] = [validation, accuracy, low, high].map((it) => it.toFixed(2));
    const cells = [seeds, `${judged} %`, `${mean} % \\(${from} to ${to} %\\)`].join(' +\\| +');
    assert.match(readme, new RegExp(`^\\| ${network} +\\| +[\\d,]+ +\\| +${cells} +\\|$`, 'm'));
  };
  const meanOf = (values: number[]) => (100 * values.reduce((a, b) => a + b)) / values.length;
  const validations = [
    ...seedTable.slice(0, 2).map((it: Record<string, number>) => it['mean (%)']),
    ...[meanOf(ofResidual.slice(0, 5)), meanOf(ofResidual)],
  ];
  const names = ['Deeper CNN', 'Tiny CNN', 'Residual CNN, augmented', '... all seeds'];
  test.testTable.forEach((it: Record<string, number>, at: number) => {
    const interval = [it['95 % from (%)'], it['to (%)']];
    row(names[at], it.seeds, validations[at], it['mean (%)'], ...interval);
  });
  const ten = test.testVoteTable.at(-1);
  assert.equal(ten.mistakes, Math.round(10_000 - 100 * ten['accuracy (%)']));
  const interval = [ten['95 % from (%)'], ten['to (%)']];
  row('Soft vote of these ten', 10, 100 * vote.accuracy, ten['accuracy (%)'], ...interval);
});

it('README.md quotes the times, the ratios and the memory of bench.json', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const bench = JSON.parse(readFileSync(path.join(root, 'results', 'bench.json'), 'utf8'));
  const requireRow = (cells: readonly string[]) => {
    const lines = readme.split('\n').filter((line) => line.startsWith('|'));
    const row = lines.find((line) => cells.every((cell) => line.includes(` ${cell} `)));
    assert.ok(row, `a row of ${cells.join(', ')}`);
  };
  assert.equal(bench.measurements.length, 12);
  for (const { task, timings } of bench.measurements) {
    const entries = Object.entries(timings as Record<string, Timing>);
    requireRow(
      entries.map(([, { best, median, slow = 0 }]) =>
        task === 'one'
          ? `${(1000 * best).toFixed(3)} (${(1000 * slow).toFixed(3)})`
          : `${best.toFixed(3)} (${median.toFixed(3)})`,
      ),
    );
    const [ours, others] = [true, false].map((isOurs) =>
      entries.filter(([name]) => name.startsWith('ours') === isOurs).map(([, { best }]) => best),
    );
    requireRow(others.map((best) => (best / Math.min(...ours)).toFixed(2)));
  }
  const { contenders } = bench.memory;
  for (const { resident, peak } of Object.values(contenders) as Memory[]) {
    requireRow([...resident, peak].map(String));
  }
  const { resident } = contenders.ours as Memory;
  assert.ok(resident.at(-1)! < 1.1 * resident[0], 'memory is not flat');
});

interface Timing {
  readonly best: number;
  readonly median: number;
  readonly slow?: number;
}

interface Memory {
  readonly resident: readonly number[];
  readonly peak: number;
}

it('bench/README.md quotes the load of load.json, whose service lost no answer and kept its memory', () => {
  const readme = readFileSync(path.join(root, 'bench', 'README.md'), 'utf8');
  const { measured } = readJson(root, 'results', 'load.json');
  const inThousands = (value: number) => value.toLocaleString('en-US');
  for (const [network, { full, half, long }] of Object.entries<Load>(measured)) {
    for (const [service, { requestsPerSecond, median, slow, failures }] of Object.entries(full)) {
      const times = [median, slow].map((milliseconds) => String(Math.round(milliseconds)));
      const cells = [network, service, inThousands(requestsPerSecond), ...times, String(failures)];
      assert.match(readme, new RegExp(`^\\| ${cells.join(' +\\| +')} +\\|$`, 'm'));
    }
    const best = Object.entries(full).filter(([service]) => service.startsWith('FastAPI'));
    const others = Math.max(...best.map(([, { requestsPerSecond }]) => requestsPerSecond));
    const { ours, 'ours, a call for each': single } = full;
    for (const number of [
      (ours.requestsPerSecond / others).toFixed(2),
      (ours.requestsPerSecond / single.requestsPerSecond).toFixed(1),
      ...[inThousands(half.requestsPerSecond), half.median.toFixed(1), half.slow.toFixed(0)],
      ...(long ? [inThousands(long.answers), String(long.memory.at(-1))] : []),
    ]) {
      assert.ok(readme.includes(` ${number} `), `${number} of ${network}`);
    }
    assert.equal(half.failures, 0);
    if (long === undefined) continue;
    assert.equal(long.failures, 0);
    assert.ok(Math.max(...long.memory) < 1.1 * long.memory[0], 'memory is not flat');
  }
});

interface Turn {
  readonly requestsPerSecond: number;
  readonly median: number;
  readonly slow: number;
  readonly failures: number;
}

interface Load {
  readonly full: Readonly<Record<string, Turn>>;
  readonly half: Turn;
  readonly long?: {
    readonly answers: number;
    readonly failures: number;
    readonly memory: readonly number[];
  };
}

it('README.md quotes the sizes, differences and accuracies of formats.json, all within the bounds', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const { rows } = readJson(root, 'results', 'formats.json');
  assert.equal(rows.length, 12);
  const titles: Record<string, string> = { deeper_cnn: 'Deeper CNN', tiny_cnn: 'Tiny CNN' };
  for (const { network, format, weights, bytes, largestDifference, accuracy } of rows) {
    assert.ok(largestDifference <= bounds[weights as WeightType]);
    const cells = [
      ...[titles[network], format, weights, (bytes / 1000).toFixed(1)],
      largestDifference.toExponential(1),
      ...[accuracy.converted, accuracy.network].map((it) => `${(100 * it).toFixed(1)} %`),
    ];
    const row = new RegExp(`^\\| ${cells.join(' +\\| +')} +\\|$`, 'm');
    assert.match(readme, row);
  }
  for (const bound of Object.values(bounds)) assert.ok(readme.includes(`to ${Number(bound)}`));
});

const studied = path.join(root, 'results', '03-how-far');

it('both READMEs quote the clock of clock.json, of five seeds each', () => {
  const [readme, short] = ['bench/README.md', 'README.md'].map((file) =>
    readFileSync(path.join(root, file), 'utf8'),
  );
  const { runs, seeds, summary } = readJson(studied, 'clock.json');
  assert.equal(seeds.length, 5);
  const median = (values: number[]) => values.sort((one, other) => one - other)[2];
  const cell = (value: number | null) => (value === null ? '' : value.toFixed(1));
  for (const { recipe, contender, seconds } of summary) {
    const own = (runs as ClockRun[]).filter(
      (run) => run.recipe === recipe && run.contender === contender,
    );
    assert.deepEqual(
      own.map(({ seed }) => seed),
      seeds,
    );
    const whole = median(own.map(({ curve }) => curve[curve.length - 1].seconds));
    const cells = [recipe, contender, ...seconds.map(cell), cell(whole)];
    assert.match(readme, new RegExp(`^\\| ${cells.join(' *\\| *')} +\\|$`, 'm'));
  }
  const secondsOf = (recipe: string, at: number) =>
    ['ours', 'ours, bfloat16'].map((name): number => {
      const row = summary.find((it: ClockRun) => it.recipe === recipe && it.contender === name);
      return row.seconds[at];
    });
  const [to99, to995] = [secondsOf('sprint', 2), secondsOf('long', 4)];
  const [one, other] = to99.map((it) => it.toFixed(1));
  assert.ok(short.includes(`after ${one} seconds of training, ${other} in bfloat16, and 99.5 %`));
  assert.ok(short.includes(` 99.5 % after ${to995.map((it) => it.toFixed(0)).join(' and ')} (`));
});

interface ClockRun {
  readonly recipe: string;
  readonly contender: string;
  readonly seed: number;
  readonly curve: readonly { readonly seconds: number }[];
}

const kept = ['03-how-far/tiny', '03-how-far/final', '04-other-hands/handwriting'].flatMap(
  (study) =>
    readdirSync(path.join(root, 'results', study))
      .filter((file) => file.endsWith('.json'))
      .map((file) => path.join(study, path.parse(file).name)),
);

it('the studies have left networks', () => assert.ok(kept.length >= 6));

for (const name of kept) {
  it(`the network ${name} scores on the validation digits exactly what its record says`, async function () {
    const { data, networks } = readJson(root, 'results', `${name}.json`);
    assert.equal(data.isSample, false);
    // Studies split by one seed, which is that of the reports.
    digits ??= await loadDigits({ seed: metrics.settings.seed });
    if (digits.isSample) {
      this.skip(); // As above.
    }
    const classifier = await MnistClassifier.load(path.join(root, 'results', name));
    const parameters = classifier.network.countParams();
    const { accuracy, errors } = await classifier.evaluate(digits.validation);
    classifier.dispose();
    const [row] = Object.keys(networks);
    const { validation } = networks[row];
    assert.deepEqual([accuracy, errors], [validation.accuracy, validation.errors]);
    assert.equal(parameters, networks[row].parameters);
  });
}

it('the settings of a record train the same network again, shown by the first epoch of the tiny one', async function () {
  const { settings, networks } = readJson(studied, 'tiny', 'tiny-cnn-42.json');
  digits ??= await loadDigits({ seed: metrics.settings.seed });
  if (digits.isSample) {
    this.skip(); // As above.
  }
  const { architecture, seed, learningRate, ...training } = settings;
  const classifier = new MnistClassifier({ architecture, seed, learningRate });
  const stop = new AbortController();
  const { epochs } = await classifier.train(digits, {
    ...training,
    signal: stop.signal,
    onProgress: ({ finished }) => {
      if (finished.length > 0) stop.abort();
    },
  });
  classifier.dispose();
  const [recorded] = networks['tiny-cnn'].training.epochs as EpochResult[];
  // Processors of another kind round differently, which an epoch of steps amplifies.
  assert.ok(Math.abs(epochs[0].loss - recorded.loss) < 0.01, `${epochs[0].loss}`);
  assert.equal(epochs[0].learningRate, recorded.learningRate);
});

const searches = path.join(root, 'results', 'search');
const searchReadme = readFileSync(path.join(root, 'search', 'README.md'), 'utf8');

it('the committed search stopped most of its trials early, and its best settings were trained again', () => {
  const record: SearchRecord = readJson(searches, 'source-b-bfloat16', 'trials.json');
  const { trials, space } = record;
  assert.ok(trials.length >= 40);
  assert.deepEqual(trials, ranked(trials, 'validationAccuracy'));
  assert.ok(epochsOf(record) <= 0.35 * trials.length * Number(space.fixed.epochs));
  const best = readJson(searches, 'source-b-bfloat16', 'best.json');
  assert.deepEqual(best, settingsOf(trials[0], space));
  for (const name of ['best-seeds', 'source-b-seeds']) {
    const again: SearchRecord = readJson(searches, name, 'trials.json');
    const seeds = again.trials.map(({ settings }) => Number(settings.seed));
    assert.deepEqual(seeds.sort(), [43, 44, 45], name);
    assert.ok(again.trials.every(({ ended }) => ended === 'finished'));
    if (name === 'best-seeds') assert.deepEqual(again.space.fixed, best);
  }
  const after = (epoch: number) => curvesLongerThan(record, epoch);
  const wentOn = `${after(2)} of the 40 trials went on after two epochs, and ${after(6)} after six`;
  assert.ok(proseOf('05-search').includes(wentOn));
  const mean = (name: string) => {
    const again: SearchRecord = readJson(searches, name, 'trials.json');
    const accuracies = again.trials.map((trial) => judgedEpoch(trial)!.validationAccuracy);
    return `${percent(accuracies.reduce((sum, it) => sum + it / 3, 0))} %`;
  };
  assert.ok(searchReadme.includes(`read ${mean('best-seeds')} of the validation digits`));
  assert.ok(searchReadme.includes(`source B's own ${mean('source-b-seeds')}`));
});

for (const { pair, isFound } of [
  { pair: 'fast', isFound: true },
  { pair: 'reduced', isFound: false },
]) {
  it(`ASHA cost at most 35 % of forty whole trainings (${pair}), whose beginnings it has; its winner is as is said`, () => {
    const [whole, halved] = ['whole', 'asha'].map((how): SearchRecord =>
      readJson(searches, `${pair}-${how}`, 'trials.json'),
    );
    assert.deepEqual([whole.trials.length, halved.trials.length], [40, 40]);
    const hasEnded = new Set(['finished', 'failed']);
    assert.ok(whole.trials.every(({ ended }) => hasEnded.has(ended)));
    for (const { settings, curve } of halved.trials) {
      const same = whole.trials.find((trial) => isDeepStrictEqual(trial.settings, settings))!;
      const accuracies = [curve, same.curve.slice(0, curve.length)].map((lines) =>
        lines.map(({ validationAccuracy }) => validationAccuracy),
      );
      assert.deepEqual(accuracies[0], accuracies[1]);
    }
    const [all, some] = [epochsOf(whole), epochsOf(halved)];
    assert.ok(some <= 0.35 * all);
    const [best, found] = [whole, halved].map(
      ({ trials }) => judgedEpoch(trials[0])!.validationAccuracy,
    );
    assert.equal(best - found <= 0.0005, isFound);
    if (pair === 'fast') {
      const after = (epoch: number) => curvesLongerThan(halved, epoch);
      const wentOn = `Of ${after(0)} trials ${after(2)} went on after two epochs, ${after(6)} after six`;
      assert.ok(proseOf('05-search').includes(`${wentOn} and ${after(18)} after eighteen`));
    }
    for (const text of [proseOf('05-search'), searchReadme]) {
      assert.ok(text.includes(`${some} of ${all} epochs`) || text.includes(`${some} of ${all}, `));
      assert.ok(text.includes(`${percent(found)} %`) && text.includes(`${percent(best)} %`));
    }
  });
}

it('search/README.md quotes the committed search, and what a trial costs, by their records', () => {
  const record: SearchRecord = readJson(searches, 'source-b-bfloat16', 'trials.json');
  assert.ok(searchReadme.includes(`${epochsOf(record)} epochs, 27 % of`));
  assert.match(summary(record), /163 epochs, 27 % of 600; 2\.48 core hours$/);
  const { seconds, machine } = readJson(searches, 'overhead.json');
  const { alone, searchOfOne, oneAfterOther, sideBySide } = seconds;
  assert.ok(oneAfterOther - alone <= 5 && sideBySide <= 1.1 * oneAfterOther);
  const cells = [alone, searchOfOne, oneAfterOther, sideBySide].map((it) => it.toFixed(1));
  assert.match(searchReadme, new RegExp(`^\\| +${cells.join(' +\\| +')} +\\|$`, 'm'));
  assert.ok(searchReadme.includes(`${(oneAfterOther - alone).toFixed(1)} s more for a trial`));
  assert.ok(searchReadme.includes(machine.processor));
});

/** How many trials went on after an epoch. */
function curvesLongerThan({ trials }: SearchRecord, epoch: number): number {
  return trials.filter(({ curve }) => curve.length > epoch).length;
}

function epochsOf({ trials }: SearchRecord): number {
  return trials.reduce((sum, { curve }) => sum + curve.length, 0);
}

const reports = [
  { name: '01-three-models', metrics, fromSources: ['97.3', '99.0', '99.3'] },
  {
    name: '02-mnist-classifier',
    metrics: classifierMetrics,
    fromSources: ['99.52', '99.2', '98.5'],
  },
  { name: '03-how-far', metrics: readJson(studied, 'metrics.json'), fromSources: [] },
  {
    name: '04-other-hands',
    metrics: readJson(root, 'results', '04-other-hands', 'metrics.json'),
    // What the third report ended at.
    fromSources: ['99.70'],
  },
  {
    name: '05-search',
    metrics: readJson(root, 'results', '05-search', 'metrics.json'),
    fromSources: [],
  },
];

for (const { name, metrics, fromSources } of reports) {
  it(`the prose of ${name} quotes no percentage that this run or the source does not have`, () => {
    const prose = proseOf(name);
    const known = new Set([...fromSources, ...numbersIn(metrics).flatMap(asPercentages)]);
    const found = prose.matchAll(/(\d+\.\d+)(?= %| to \d+\.\d+ %)/g);
    const quoted = [...found].map(([number]) => number);
    assert.ok(quoted.length >= 10, `${quoted.length} percentages`);
    for (const number of quoted) {
      assert.ok(known.has(number), `${number} %`);
    }
  });

  it(`results/${name} has a PNG of every figure in the notebook`, () => {
    const code = readFileSync(path.join(root, 'notebooks', `${name}.ipynb`), 'utf8');
    const named = [...code.matchAll(/png\('(\w+)'\)/g)].map(([, file]) => `${file}.png`);
    assert.ok(named.length >= 5);
    const folder = path.join(root, 'results', name);
    for (const file of named) {
      assert.ok(existsSync(path.join(folder, file)), file);
    }
    const files = readdirSync(folder).filter((file) => file.endsWith('.png'));
    assert.equal(files.length, named.length);
  });
}

function readJson(...place: string[]) {
  return JSON.parse(readFileSync(path.join(...place), 'utf8'));
}

function proseOf(name: string): string {
  const { cells } = readJson(root, 'notebooks', `${name}.ipynb`);
  return (cells as { cell_type: string; source: string[] }[])
    .filter((cell) => cell.cell_type === 'markdown')
    .map((cell) => cell.source.join(''))
    .join('\n');
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function asPercentages(value: number): string[] {
  // Some numbers of metrics.json are percentages already.
  return [100 * value, value].flatMap((number) => [number.toFixed(2), number.toFixed(1)]);
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') {
    return [value];
  }
  return value && typeof value === 'object' ? Object.values(value).flatMap(numbersIn) : [];
}
