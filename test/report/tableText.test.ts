import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import '../../lib/platform/tensorflow';
import { concat, DataFrame, merge, Series } from 'danfojs-node';
import { readTable, tableHtml, tableText, type Table } from '../../lib/report/tableText';

const pets = () =>
  new DataFrame({ kind: ['cat', 'dog', 'cat'], age: [1, 2, 3], weight: [4.5, NaN, 3] });

it('tableHtml(table) escapes names, values and the caption', () => {
  const evil = '<script>"&\'';
  const html = tableHtml(new DataFrame([[evil]], { columns: ['<b>'] }), evil);
  assert.doesNotMatch(html, /<script>|<b>/);
  assert.equal(html.match(/&#60;script&#62;&#34;&#38;&#39;/g)?.length, 2);
});

it('tableText(table) writes whole numbers without decimals beside texts too', () => {
  const table = new DataFrame([['many'], [12]], { columns: ['images'] });
  assert.deepEqual(lines(table).slice(2), ['many', '12']);
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
  assert.deepEqual(lines(frame.T).slice(2, 4), ['kind cat dog cat', 'age 1.0000 2 3']);
  assert.deepEqual(lines(frame.loc({ columns: ['age'] }).describe()).slice(0, 5), [
    ...['age', '-------- ---', 'count 3', 'mean 2', 'std 1'],
  ]);
});

it('tableText(series) has one column, under its name', () => {
  assert.deepEqual(lines(pets()['age']), ['age', '---', '1', '2', '3']);
  assert.deepEqual(lines(pets()['kind'].valueCounts()).slice(2), ['cat 2', 'dog 1']);
  assert.deepEqual(lines(new Series([])), ['The table has no rows. The table has no columns.']);
});

it('readTable(thing) knows the frames of another copy of danfojs, and nothing else', () => {
  const copies = Object.keys(require.cache).filter((file) => /[\\/]danfojs-node[\\/]/.test(file));
  const kept = copies.map((file) => [file, require.cache[file]] as const);
  copies.forEach((file) => delete require.cache[file]);
  try {
    const other = createRequire(__filename)('danfojs-node') as typeof import('danfojs-node');
    assert.notEqual(other.DataFrame, DataFrame);
    const frame = new other.DataFrame([[1, 'a']], { columns: ['n', 'name'] });
    assert.ok(readTable(frame) && readTable(frame['n']));
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
    assert.equal(readTable(thing), undefined);
  }
});

it('readTable(thing) reads frames whose columns have the names of their own properties', () => {
  for (const name of ['values', 'index', 'ndim', 'shape', 'size']) {
    const table = readTable(new DataFrame([{ [name]: 1 }, { [name]: 2 }]))!;
    assert.deepEqual(
      tableText(table).split('\n').slice(2),
      ['1', '2'].map((text) => text.padStart(name.length)),
      name,
    );
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
