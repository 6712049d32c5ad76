import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import '../../lib/platform/tensorflow';
import { concat, DataFrame, merge, Series } from 'danfojs-node';
import { evaluateProbabilities } from '../../lib/metrics/evaluation';
import { classificationReport, errorSummary } from '../../lib/metrics/metrics';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import {
  classTable,
  comparisonTable,
  confusedPairsTable,
  epochTable,
  errorTable,
  isTable,
  layerTable,
  reportTable,
  scoreTable,
  tableHtml,
  tableText,
  type Table,
} from '../../lib/report/tables';

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

it('comparisonTable(networks) puts each network in a row, with units in the column names', () => {
  const model = buildBaseline();
  const table = comparisonTable({ baseline: { model, history, test: threeOfFour } });
  assert.deepEqual(lines(table).slice(2), ['baseline 101,770 2 12.3 97.31 75.00 30.06 to 95.44']);
  assert.ok(table.columns.includes('training (s)'));
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

const pets = () =>
  new DataFrame({ kind: ['cat', 'dog', 'cat'], age: [1, 2, 3], weight: [4.5, NaN, 3] });

it('tableText(table) shows whatever danfojs makes, with the labels that say something', () => {
  const frame = pets();
  assert.deepEqual(lines(frame.head(2)), [
    ...['kind age weight', '---- --- ------', 'cat 1 4.5000', 'dog 2'],
  ]);
  assert.deepEqual(lines(frame.iloc({ rows: [1, 2] })).slice(2), ['1 dog 2', '2 cat 3 3']);
  assert.deepEqual(lines(frame.sortValues('age', { ascending: false })).slice(2), [
    ...['2 cat 3 3.0000', '1 dog 2', '0 cat 1 4.5000'],
  ]);
  assert.deepEqual(lines(frame.drop({ columns: ['weight', 'kind'] })), [
    'age',
    '---',
    '1',
    '2',
    '3',
  ]);
  assert.equal(lines(frame.rename({ age: 'years' }))[0], 'kind years weight');
  assert.equal(lines(frame.addColumn('id', [7, 8, 9]))[2], 'cat 1 4.5000 7');
  assert.deepEqual(lines(frame.copy()), lines(frame));
  assert.equal(lines(concat({ dfList: [frame, frame], axis: 0 })).length, 2 + 6);
  const merged = merge({ left: frame, right: frame, on: ['age'], how: 'inner' });
  assert.equal(lines(merged).length, 2 + 3);
  assert.deepEqual(lines(frame.groupby(['kind']).col(['age']).sum()), [
    ...['kind age_sum', '---- -------', 'cat 4', 'dog 2'],
  ]);
  assert.deepEqual(lines(frame.T).slice(2, 4), ['kind cat dog cat', 'age 1.0000 2.0000 3.0000']);
  assert.deepEqual(lines(frame.loc({ columns: ['age'] }).describe()).slice(0, 5), [
    ...['age', '-------- ---', 'count 3', 'mean 2', 'std 1'],
  ]);
});

it('tableText(series) has one column, under its name', () => {
  assert.deepEqual(lines(pets()['age']), ['age', '---', '1', '2', '3']);
  assert.deepEqual(lines(pets()['kind'].valueCounts()).slice(2), ['cat 2', 'dog 1']);
  assert.deepEqual(lines(new Series([])), ['The table has no rows. The table has no columns.']);
});

it('isTable(thing) knows the frames of another copy of danfojs, and nothing else', () => {
  const copies = Object.keys(require.cache).filter((file) => /[\\/]danfojs-node[\\/]/.test(file));
  const kept = copies.map((file) => [file, require.cache[file]] as const);
  copies.forEach((file) => delete require.cache[file]);
  try {
    const other = createRequire(__filename)('danfojs-node') as typeof import('danfojs-node');
    assert.notEqual(other.DataFrame, DataFrame);
    const frame = new other.DataFrame([[1, 'a']], { columns: ['n', 'name'] });
    assert.ok(isTable(frame) && isTable(frame['n']));
    assert.deepEqual(lines(frame).slice(2), ['1 a']);
  } finally {
    kept.forEach(([file, module]) => (require.cache[file] = module));
  }
  const figure = { data: [], layout: {}, description: '' };
  for (const thing of [
    undefined,
    null,
    3,
    'text',
    [pets()],
    {},
    figure,
    pets().groupby(['kind']),
  ]) {
    assert.equal(isTable(thing), false);
  }
});

it('tableText(table) writes values of every kind on the line of their row', () => {
  const values = [
    ...[new Date(0), new Date(1.5e12), true, null, undefined, { q: [1] }, [1, 2], 10n, Infinity],
    ...['two\nlines', '\u001b[2J', 0.00002, 1e300],
  ];
  const columns = values.map((_, i) => `c${i}`);
  const texts = tableText(new DataFrame([values], { columns })).split('\n');
  assert.equal(texts.length, 3);
  assert.deepEqual(texts[2].split(/ {2,}/), [
    ...['1970-01-01', '2017-07-14T02:40:00Z', 'true', '{ q: [ 1 ] }', '[ 1, 2 ]', '10', '∞'],
    ...['two lines', '[2J', '0.00002', '1e+300'],
  ]);
});

it('tableText(table) keeps two columns of one name apart', () => {
  const frame = pets();
  frame.columns.splice(0, 3, 'same', 'same', 'other');
  assert.deepEqual(lines(frame).slice(0, 3), [
    'same same other',
    '---- ---- ------',
    'cat 1 4.5000',
  ]);
});

it('tableText(table) and tableHtml(table) bound wide, long and wordy tables, and say so', () => {
  const frame = new DataFrame(
    Array.from({ length: 10_000 }, (_, row) => Array.from({ length: 30 }, () => row)),
  );
  const texts = lines(frame);
  assert.equal(texts.length, 2 + 100 + 1 + 100 + 1);
  assert.equal(texts[0].split(' ').length, 21);
  assert.match(texts[2], /^0 0 0 /);
  assert.match(texts[101], /^99 99 /);
  assert.match(texts[102], /^… …/);
  assert.match(texts[202], /^9999 9,999 /);
  const note =
    'Of 10,000 rows the first and the last 100 are shown; 9,800 are left out. ' +
    'Of 30 columns the first and the last 10 are shown; 10 are left out.';
  assert.equal(texts[203], note);
  const html = tableHtml(frame);
  assert.equal(html.match(/<tr>/g)?.length, 1 + 201);
  assert.ok(html.endsWith(`</table>\n<p>${note}</p>`));

  const wordy = lines(new DataFrame([['x'.repeat(1e6)]], { columns: ['text'] }));
  assert.equal(wordy[2], `${'x'.repeat(79)}…`);
  assert.equal(wordy[3], 'Texts are cut after 80 characters.');
});

it('tableHtml(table) marks row labels as headings of their rows', () => {
  const html = tableHtml(new DataFrame([[1]], { columns: ['n'], index: ['<r>'] }));
  assert.match(html, /<thead><tr><td><\/td><th [^>]*>n<\/th><\/tr><\/thead>/);
  assert.match(html, /<tr><th scope="row"[^>]*>&#60;r&#62;<\/th><td [^>]*>1<\/td><\/tr>/);
});

/** The lines of a table as text, with single spaces. */
function lines(table: Table): string[] {
  return tableText(table)
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));
}
