import assert from 'node:assert/strict';
import '../../lib/platform/tensorflow';
import { evaluateProbabilities } from '../../lib/metrics/evaluation';
import { classificationReport, errorSummary } from '../../lib/metrics/metrics';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import * as figures from '../../lib/report/figures';
import * as tables from '../../lib/report/tables';
import {
  classTable,
  comparisonTable,
  confusedPairsTable,
  epochTable,
  errorTable,
  layerTable,
  reportTable,
  scoreTable,
} from '../../lib/report/tables';
import { tableText, type Table } from '../../lib/report/tableText';

/** An evaluation of three of four images right. */
const threeOfFour = evaluateProbabilities([0, 1, 1, 0], [0.9, 0.1, 0.2, 0.8, 0.4, 0.6, 0.3, 0.7], {
  classNames: ['cat', 'dog'],
});

/** The history of a training of two epochs. */
const history = {
  epochs: [1, 2].map((epoch) => ({
    epoch,
    ...{ loss: 0.5 / epoch, accuracy: 0.8, validationLoss: 0.25, validationAccuracy: 0.9731 },
    ...{ learningRate: 0.001, seconds: 6.17 },
  })),
  seconds: 12.34,
  interrupted: false,
};

it('reportTable(report) has the rows of classification_report, in percent', () => {
  const table = reportTable(
    classificationReport([0, 0, 1, 1, 1], [0, 1, 1, 1, 1], { classNames: ['cat', 'dog'] }),
  );
  assert.deepEqual(table.columns, [
    'class',
    'precision (%)',
    'recall (%)',
    'F1 (%)',
    'support (images)',
  ]);
  assert.deepEqual(lines(table).slice(2), [
    'cat 100.00 50.00 66.67 2',
    'dog 75.00 100.00 85.71 3',
    'accuracy 80.00 5',
    'macro average 87.50 75.00 76.19 5',
    'weighted average 85.00 80.00 78.10 5',
  ]);
});

it('confusedPairsTable(pairs, classNames) refuses a class without a name', () => {
  const pairs = [{ truth: 1, guess: 0, count: 1, share: 0.1 }];
  assert.throws(
    () => confusedPairsTable(pairs, { classNames: ['a'] }),
    /pairs\[0\]\.truth is 1; expected .* 0 to 0/,
  );
});

it('layerTable(model) lists every layer and sums its parameters', () => {
  const table = layerTable(buildRegularizedCnn());
  const rows = lines(table).slice(2);
  assert.equal(rows.length, 13 + 3);
  assert.match(rows[0], /^\S+ Conv2D 26 × 26 × 32 320$/);
  assert.deepEqual(rows.slice(-3), ['total 225,930', 'trainable 225,482', 'not trainable 448']);
  const parameters = (table.values as unknown[][]).slice(0, 13).map((row) => row[3] as number);
  assert.equal(
    parameters.reduce((sum, count) => sum + count, 0),
    225_930,
  );
});

it('comparisonTable(networks) puts each network in a row, with units in the column names', () => {
  const model = buildBaseline();
  const table = comparisonTable({ baseline: { model, history, test: threeOfFour } });
  assert.deepEqual(lines(table).slice(2), ['baseline 101,770 2 12.3 97.31 75.00 30.06 to 95.44']);
  assert.ok(table.columns.includes('training (s)'));
  const validated = comparisonTable({
    baseline: { model, history, validation: threeOfFour, test: threeOfFour },
  });
  assert.equal((validated.values as unknown[][])[0][4], 75);
  model.dispose();
});

it('scoreTable(evaluations) puts each set of digits in a row', () => {
  const loss = -Math.log(0.9 * 0.8 * 0.6 * 0.3) / 4;
  assert.deepEqual(lines(scoreTable({ test: threeOfFour })).slice(2), [
    `test 4 75.00 30.06 to 95.44 ${loss.toFixed(4)} 1`,
  ]);
});

it('errorTable(summary) has one row of counts and medians in percent', () => {
  const { labels, probabilities } = threeOfFour;
  const table = errorTable(errorSummary(labels, probabilities, { classCount: 2 }));
  assert.deepEqual(table.values, [[1, 70, 80, 0, 1]]);
});

it('epochTable(history, { keptEpoch }) puts each epoch in a row, and marks the kept one', () => {
  assert.deepEqual(lines(epochTable(history, { keptEpoch: 2 })).slice(2), [
    '1 1.0e-3 0.5000 0.2500 97.31 6.2',
    '2 1.0e-3 0.2500 0.2500 97.31 6.2 yes',
  ]);
  assert.ok(!epochTable(history).columns.includes('kept'));
});

it('classTable(data) counts every class in every set', () => {
  const set = (...labels: number[]) => ({
    images: new Float32Array(784 * labels.length),
    labels: Uint8Array.from(labels),
    count: labels.length,
  });
  const table = classTable({
    ...{ train: set(0, 0, 1), validation: set(1), test: set(), source: '', isSample: false },
    classNames: ['cat', 'dog'],
  });
  assert.deepEqual(lines(table).slice(2), ['cat 2 0 0', 'dog 1 1 0', 'all 3 1 0']);
});

it('confusedPairsTable(pairs, classNames) names the classes', () => {
  const pairs = [{ truth: 1, guess: 0, count: 1200, share: 0.123456 }];
  const rows = lines(confusedPairsTable(pairs, { classNames: ['cat', 'dog'] })).slice(2);
  assert.deepEqual(rows, ['dog cat 1,200 12.35']);
});

it('confusedPairsTable([], classNames) is a table without rows', () => {
  assert.deepEqual(lines(confusedPairsTable([], { classNames: ['cat', 'dog'] })).slice(2), [
    'The table has no rows.',
  ]);
});

/** The lines of a table as text, with single spaces. */
function lines(table: Table): string[] {
  return tableText(table)
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));
}

it('every table and figure says what it expected of what is none, or of a promise', () => {
  for (const [name, make] of Object.entries({ ...tables, ...figures })) {
    for (const nothing of [undefined, null, {}, Promise.resolve([])]) {
      // An object of no networks or evaluations is an empty table of them.
      if (/^(comparison|score)Table$/.test(name) && nothing?.constructor === Object) continue;
      assert.throws(
        () => (make as (value: unknown) => unknown)(nothing),
        (error: Error) =>
          /^(Type|Range)Error$/.test(error.name) && /expected|await it first/.test(error.message),
        `${name} of ${String(nothing)}`,
      );
    }
  }
});
