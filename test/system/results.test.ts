import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadDigits, type DigitData } from '../../lib/mnist';
import {
  accuracy,
  confusionMatrix,
  logLoss,
  mostProbableClasses,
  wilsonInterval,
} from '../../lib/metrics';
import { predict } from '../../lib/models';
import { loadModel } from '../../lib/storage';

const root = path.resolve(__dirname, '..', '..');
const results = path.join(root, 'results', '01-three-models');
const metrics = JSON.parse(readFileSync(path.join(results, 'metrics.json'), 'utf8'));
const networks = {
  baseline: { folder: 'baseline', parameters: 101_770, atLeast: 0.973 },
  simpleCnn: { folder: 'simple-cnn', parameters: 225_034, atLeast: 0.99 },
  regularizedCnn: { folder: 'regularized-cnn', parameters: 225_930, atLeast: 0.993 },
};

let digits: DigitData | undefined;

for (const [name, { folder, parameters, atLeast }] of Object.entries(networks)) {
  it(`the saved ${folder} scores on the test digits exactly what metrics.json says`, async function () {
    digits ??= await loadDigits({ seed: metrics.seed });
    if (digits.isSample) {
      this.skip(); // Without MNIST_DIR, a filled data/ or a network there are no test digits.
    }
    const { images, labels } = digits.test;
    const model = await loadModel(path.join(results, 'models', folder));
    assert.equal(model.countParams(), parameters);
    const probabilities = await predict(model, images);
    model.dispose();
    const guesses = mostProbableClasses(probabilities);
    const expected = metrics[name];
    assert.equal(accuracy(labels, guesses), expected.testAccuracy);
    assert.ok(Math.abs(logLoss(labels, probabilities) - expected.testLoss) < 1e-6);
    assert.equal(expected.errors, Math.round(10_000 * (1 - expected.testAccuracy)));
    if (name === 'regularizedCnn') {
      assert.deepEqual(confusionMatrix(labels, guesses), expected.confusionMatrix);
    }
  });

  it(`metrics.json has a whole training of ${folder} on the full MNIST that reached its mark`, () => {
    const { history, epochs, validationAccuracy, testAccuracy, testInterval } = metrics[name];
    assert.equal(metrics.quick, false);
    assert.deepEqual(
      [metrics.data.train, metrics.data.validation, metrics.data.test, metrics.data.isSample],
      [54_000, 6_000, 10_000, false],
    );
    assert.equal(history.length, epochs);
    assert.equal(history.at(-1).validationAccuracy, validationAccuracy);
    assert.ok(validationAccuracy >= atLeast, `${validationAccuracy}`);
    assert.deepEqual(testInterval, wilsonInterval(Math.round(testAccuracy * 10_000), 10_000));
  });
}

it('README.md quotes the accuracies of metrics.json', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  for (const name of Object.keys(networks)) {
    const { parameters, validationAccuracy, testAccuracy, testInterval } = metrics[name];
    const row = readme
      .split('\n')
      .find((line) => line.startsWith('|') && line.includes(parameters.toLocaleString('en-US')));
    assert.ok(row, `a row of the results table for ${name}`);
    const interval = `${percent(testInterval.low)} to ${percent(testInterval.high)}`;
    for (const number of [percent(validationAccuracy), percent(testAccuracy), interval]) {
      assert.ok(row.includes(number), `${number} in ${row}`);
    }
  }
});

it('README.md quotes the seconds and the ratios of bench.json', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const bench = JSON.parse(readFileSync(path.join(root, 'results', 'bench.json'), 'utf8'));
  assert.equal(bench.measurements.length, 8);
  for (const { timings, speeds } of bench.measurements) {
    const cells = Object.values(timings as Record<string, { best: number; median: number }>).map(
      ({ best, median }) => `${best.toFixed(3)} (${median.toFixed(3)})`,
    );
    const ratios = Object.values(speeds.ours as Record<string, number>).map((it) => it.toFixed(2));
    const row = readme.split('\n').find((line) => cells.every((cell) => line.includes(cell)));
    assert.ok(row, `a row of ${cells.join(', ')}`);
    for (const ratio of ratios) {
      assert.ok(row.includes(` ${ratio} `), `${ratio} in ${row}`);
    }
  }
});

it('the prose of notebook 01 quotes no percentage that this run or the source does not have', () => {
  const notebook = JSON.parse(
    readFileSync(path.join(root, 'notebooks', '01-three-models.ipynb'), 'utf8'),
  );
  const prose = (notebook.cells as { cell_type: string; source: string[] }[])
    .filter((cell) => cell.cell_type === 'markdown')
    .map((cell) => cell.source.join(''))
    .join('\n');
  const known = new Set(['97.3', '99.0', '99.3', ...numbersIn(metrics).flatMap(asPercentages)]);
  const quoted = [...prose.matchAll(/(\d+\.\d+)(?= %| to \d+\.\d+ %)/g)].map(([number]) => number);
  assert.ok(quoted.length >= 10, `${quoted.length} percentages`);
  for (const number of quoted) {
    assert.ok(known.has(number), `${number} %`);
  }
});

it('results/01-three-models has a PNG of every figure in the notebook', () => {
  const code = readFileSync(path.join(root, 'notebooks', '01-three-models.ipynb'), 'utf8');
  const named = [...code.matchAll(/png\('(\w+)'\)/g)].map(([, name]) => `${name}.png`);
  assert.ok(named.length >= 10);
  for (const file of named) {
    assert.ok(existsSync(path.join(results, file)), file);
  }
  assert.equal(readdirSync(results).filter((file) => file.endsWith('.png')).length, named.length);
});

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
