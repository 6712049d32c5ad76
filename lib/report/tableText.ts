import { inspect } from 'node:util';
import { thousands } from '../platform/numbers';
import { escapeHtml } from './names';

/**
 * What is read of a danfojs data frame or series. danfojs's classes don't tell them: what its
 * methods give is of another class than what its constructor gives, and there may be two danfojs.
 */
export interface Table {
  /** 1 for a series, 2 for a data frame. */
  readonly ndim: number;
  readonly columns: readonly unknown[] | string;
  /** Labels of the rows. */
  readonly index: readonly unknown[];
  /** The rows of a data frame, the values of a series. */
  readonly values: ArrayLike<unknown>;
}

/** Reads a data frame or a series of any danfojs; undefined of anything else. */
export function readTable(thing: unknown): Table | undefined {
  if (typeof thing !== 'object' || thing === null) return undefined;
  // A column named values, index or ndim hides the frame's own, which its class still has.
  const [ndim, columns, index, values] = ['ndim', 'columns', 'index', 'values'].map(
    (name): unknown =>
      Reflect.get(Object.getPrototypeOf(thing) ?? {}, name, thing) ?? Reflect.get(thing, name),
  );
  const isTable =
    (ndim === 1 || ndim === 2) &&
    (Array.isArray(columns) || typeof columns === 'string') &&
    Array.isArray(index) &&
    (Array.isArray(values) || ArrayBuffer.isView(values));
  return isTable ? ({ ndim, columns, index, values } as Table) : undefined;
}

/**
 * Writes a table as HTML that reads well with any style sheet, or with none (GitHub).
 *
 * Numbers are on the right, with as many decimals as the unit in the column's name asks for, (%) 2
 * and (s) 1, or else none where all numbers of a column are whole and 4 in others. Missing values are blank. Row
 * labels that only count the rows from 0 are left out. Of more than 200 rows or 20 columns the first
 * and the last are shown, texts are cut after 80 characters, and a sentence says so.
 *
 * @param table - Any danfojs data frame or series; all its texts are escaped.
 * @param caption - What it shows. @default none
 */
export function tableHtml(table: Table, caption?: string): string {
  const { columns, rows, labels, numeric, note } = formatCells(table);
  const side = (column: number) => (numeric[column] ? 'right' : 'left');
  // JupyterLab's style sheet overrules the attribute, and GitHub drops the style: so both.
  const tag = (name: string, text: string, column: number) =>
    `<${name} align="${side(column)}" style="text-align: ${side(column)}">${escapeHtml(text)}</${name}>`;
  const row = (name: string, texts: readonly string[], label?: string) =>
    `<tr>${label ?? ''}${texts.map((text, column) => tag(name, text, column)).join('')}</tr>`;
  const rowLabel = (text: string) =>
    `<th scope="row" align="left" style="text-align: left">${escapeHtml(text)}</th>`;
  return [
    '<table>',
    ...(caption === undefined ? [] : [`<caption>${escapeHtml(caption)}</caption>`]),
    `<thead>${row('th', columns, labels && '<td></td>')}</thead>`,
    '<tbody>',
    ...rows.map((texts, i) => row('td', texts, labels && rowLabel(labels[i]))),
    '</tbody>',
    '</table>',
    ...(note === '' ? [] : [`<p>${note}</p>`]),
  ].join('\n');
}

/** Writes a table as lines of text for a terminal, with the rules of `tableHtml`. */
export function tableText(table: Table, caption?: string): string {
  const { columns, rows, labels, numeric, note } = formatCells(table);
  const sides = labels ? [false, ...numeric] : numeric;
  const lines = [labels ? ['', ...columns] : columns].concat(
    labels ? rows.map((texts, i) => [labels[i], ...texts]) : rows,
  );
  const widths = sides.map((_, column) => Math.max(...lines.map((texts) => texts[column].length)));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) =>
        sides[column] ? text.padStart(widths[column]) : text.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [
    ...(caption === undefined ? [] : [caption]),
    ...(columns.length === 0 ? [] : [line(lines[0]), rule, ...lines.slice(1).map(line)]),
    ...(note === '' ? [] : [note]),
  ].join('\n');
}

const mostRows = 200;
const mostColumns = 20;
const mostCharacters = 80;

/** The part of a table that is shown, as texts, with a sentence on what is left out. */
function formatCells(table: Table) {
  const names = ([] as unknown[]).concat(table.columns).map(String);
  const shownRows = firstAndLast(table.values.length, mostRows);
  const shownColumns = firstAndLast(names.length, mostColumns);
  const cells = shownRows.map((row) => {
    if (row === gap) return shownColumns.map(() => gap);
    const values = table.ndim === 1 ? [table.values[row]] : (table.values[row] as unknown[]);
    return shownColumns.map((column) => (column === gap ? gap : values[column]));
  });
  const isBlank = (value: unknown) => value === '' || value == null || Number.isNaN(value);
  const values = shownColumns.map((_, column) =>
    cells.map((row) => row[column]).filter((value) => value !== gap && !isBlank(value)),
  );
  const numeric = values.map((column) =>
    column.every((value) => typeof value === 'number' || typeof value === 'bigint'),
  );
  const digits = shownColumns.map((column, at) => {
    if (column !== gap && names[column].endsWith('(%)')) return 2;
    if (column !== gap && names[column].endsWith('(s)')) return 1;
    return values[at].every((it) => typeof it !== 'number' || Number.isInteger(it)) ? 0 : 4;
  });
  let longest = 0;
  const cut = (text: string) => {
    // A line break or a terminal's escape would tear the lines of a table apart.
    const characters = [...text.slice(0, 2 * mostCharacters + 2).replace(/\p{Cc}+/gu, ' ')];
    longest = Math.max(longest, characters.length);
    return characters.length > mostCharacters
      ? `${characters.slice(0, mostCharacters - 1).join('')}…`
      : characters.join('');
  };
  const format = (value: unknown, column: number) => {
    if (value === gap) return '…';
    if (isBlank(value)) return '';
    return typeof value === 'number' ? numberText(value, digits[column]) : cut(valueText(value));
  };
  const columns = shownColumns.map((column) => (column === gap ? '…' : cut(names[column])));
  const isPlain = !shownRows.includes(gap) && table.index.every((label, row) => label === row);
  const labels = isPlain
    ? undefined
    : shownRows.map((row) => (row === gap ? '…' : cut(valueText(table.index[row]))));
  const rows = cells.map((row) => row.map(format));
  return {
    ...{ columns, rows, labels, numeric },
    note: [
      ...leftOut('rows', shownRows, table.values.length),
      ...leftOut('columns', shownColumns, names.length),
      ...(longest > mostCharacters ? [`Texts are cut after ${mostCharacters} characters.`] : []),
    ].join(' '),
  };
}

/** Stands for the rows or columns that are left out. */
const gap = Symbol('left out');

/** Picks indices below a count: all, or as many as are shown with a gap in the middle. */
function firstAndLast(count: number, most: number): (number | typeof gap)[] {
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  if (count <= most) return range(0, count);
  return [...range(0, most / 2), gap, ...range(count - most / 2, count)];
}

function leftOut(what: string, shown: readonly unknown[], count: number): string[] {
  if (count === 0) return [`The table has no ${what}.`];
  const before = shown.indexOf(gap);
  if (before === -1) return [];
  return [
    `Of ${thousands(count)} ${what} the first and the last ${before} are shown; ` +
      `${thousands(count - 2 * before)} are left out.`,
  ];
}

/** Writes a number so that a small one is not 0 and a large one not a line of zeros. */
function numberText(value: number, digits: number): string {
  const size = Math.abs(value);
  const isLost = digits === 4 && size > 0 && size < 0.001;
  if (isLost || (size >= 1e15 && size < Infinity)) return String(Number(value.toPrecision(4)));
  return thousands(value, digits);
}

function valueText(value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) {
    return value
      .toISOString()
      .replace(/(T00:00:00)?\.000Z$/, (_, midnight) => (midnight ? '' : 'Z'));
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return inspect(value, { breakLength: Infinity, depth: 1, maxArrayLength: 10 });
}
