import assert from 'node:assert/strict';
import '../lib/tensorflow';
import { DataFrame } from 'danfojs-node';
import { classificationReport } from '../lib/metrics';
import { buildRegularizedCnn } from '../lib/models';
import {
  classTable,
  comparisonTable,
  confusedPairsTable,
  layerTable,
  reportTable,
  tableHtml,
  tableText,
} from '../lib/tables';

it('reportTable(report) has the rows of classification_report, in percent', () => {
  const table = reportTable(classificationReport([0, 0, 1, 1, 1], [0, 1, 1, 1, 1], ['cat', 'dog']));
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

it('comparisonTable(results) puts each model in a row, with units in the column names', () => {
  const table = comparisonTable([
    {
      name: 'baseline',
      parameters: 101_770,
      epochs: 5,
      seconds: 12.34,
      validationAccuracy: 0.9731,
      testAccuracy: 0.97,
      testInterval: { low: 0.9665, high: 0.9732 },
    },
  ]);
  assert.deepEqual(lines(table).slice(2), ['baseline 101,770 5 12.3 97.31 97.00 96.65 to 97.32']);
  assert.ok(table.columns.includes('training (s)'));
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
  const rows = lines(confusedPairsTable(pairs, ['cat', 'dog'])).slice(2);
  assert.deepEqual(rows, ['dog cat 1,200 12.35']);
});

it('confusedPairsTable([], classNames) is a table without rows', () => {
  assert.equal(lines(confusedPairsTable([], ['cat', 'dog'])).length, 2);
});

it('tableHtml(table) escapes names, values and the caption', () => {
  const evil = '<script>"&\'';
  const html = tableHtml(new DataFrame([[evil]], { columns: ['<b>'] }), evil);
  assert.doesNotMatch(html, /<script>|<b>/);
  assert.equal(html.match(/&#60;script&#62;&#34;&#38;&#39;/g)?.length, 2);
});

it('tableHtml(table) puts numbers right and texts left, also where styles are stripped', () => {
  const html = tableHtml(
    new DataFrame([['a', 1234, 0.5]], { columns: ['name', 'count', 'value'] }),
  );
  assert.match(html, /<td align="left"[^>]*>a<\/td>/);
  assert.match(html, /<td align="right"[^>]*>1,234<\/td><td align="right"[^>]*>0\.5000<\/td>/);
  assert.match(html, /<th align="right"[^>]*>count<\/th>/);
  assert.doesNotMatch(html, /<caption>/);
  assert.doesNotMatch(html, /color|width/);
});

it('tableText(table) aligns its columns and leaves missing values blank', () => {
  const table = new DataFrame({ name: ['a', 'long name'], 'time (s)': [1, NaN] });
  assert.deepEqual(tableText(table, 'Times').split('\n'), [
    'Times',
    'name       time (s)',
    '---------  --------',
    'a               1.0',
    'long name',
  ]);
});

/** The lines of a table as text, with single spaces. */
function lines(table: DataFrame): string[] {
  return tableText(table)
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));
}
