import { inspect } from 'node:util';
// danfojs loads tfjs-node too, so our TensorFlow, with its settings, has to be loaded first.
import '../platform/tensorflow';
import { DataFrame } from 'danfojs-node';
import { layerShapes } from '../engine';
import type { Evaluation } from '../metrics/evaluation';
import { numberNames } from '../metrics/metrics';
import type {
  ClassificationReport,
  ConfusedPair,
  ErrorSummary,
  Interval,
  Scores,
} from '../metrics/metrics';
import type { TrainingHistory } from '../training/train';
import type { ClassNamesOption } from './figure';
import type { NetworkResult } from './record';
import type { DigitData } from '../data/mnist';
import { requireWhole, thousands } from '../platform/numbers';
import type { tf } from '../platform/tensorflow';

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

/** Whether something is a data frame or a series of any danfojs. */
export function isTable(thing: unknown): thing is Table {
  const { ndim, columns, index, values } = (thing ?? {}) as Partial<Table>;
  return (
    (ndim === 1 || ndim === 2) &&
    (Array.isArray(columns) || typeof columns === 'string') &&
    Array.isArray(index) &&
    (Array.isArray(values) || ArrayBuffer.isView(values))
  );
}

type Cell = string | number;

/**
 * Tabulates precision, recall, F1 and support by class, with the rows of scikit-learn's
 * `classification_report`: the classes, accuracy, macro average, weighted average.
 */
export function reportTable(report: ClassificationReport): DataFrame {
  const row = (name: string, { precision, recall, f1, support }: Scores): Cell[] => [
    name,
    100 * precision,
    100 * recall,
    100 * f1,
    support,
  ];
  const { classes, accuracy, macroAverage, weightedAverage } = report;
  return frame(
    ['class', 'precision (%)', 'recall (%)', 'F1 (%)', 'support (images)'],
    [
      ...classes.map((scores) => row(scores.className, scores)),
      ['accuracy', '', '', 100 * accuracy, macroAverage.support],
      row('macro average', macroAverage),
      row('weighted average', weightedAverage),
    ],
  );
}

/** Tabulates the layers of a model with output shapes and parameters, and sums them up. */
export function layerTable(model: tf.LayersModel): DataFrame {
  const total = model.countParams();
  const trainable = model.trainableWeights
    .map(({ shape }) => (shape as number[]).reduce((product, size) => product * size, 1))
    .reduce((sum, size) => sum + size, 0);
  return frame(
    ['layer', 'type', 'output shape', 'parameters'],
    [
      ...layerShapes(model).map(({ layer, outputShape }) => [
        layer.name,
        layer.getClassName(),
        outputShape.slice(1).join(' × '),
        layer.countParams(),
      ]),
      ['total', '', '', total],
      ['trainable', '', '', trainable],
      ['not trainable', '', '', total - trainable],
    ],
  );
}

/** Tabulates trained networks side by side, one row for each, by name. */
export function comparisonTable(networks: Readonly<Record<string, NetworkResult>>): DataFrame {
  return frame(
    [
      'model',
      'parameters',
      'epochs',
      'training (s)',
      'validation accuracy (%)',
      'test accuracy (%)',
      'test, 95 % interval (%)',
    ],
    Object.entries(networks).map(([name, { model, history, test }]) => [
      name,
      model.countParams(),
      history.epochs.length,
      history.seconds,
      100 * (history.epochs.at(-1)?.validationAccuracy ?? NaN),
      100 * test.accuracy,
      intervalText(test.interval),
    ]),
  );
}

/** Tabulates how well sets of digits were read, one row for each, by name. */
export function scoreTable(evaluations: Readonly<Record<string, Evaluation>>): DataFrame {
  return frame(
    ['digits', 'images', 'accuracy (%)', '95 % interval (%)', 'loss (nats)', 'errors'],
    Object.entries(evaluations).map(([name, { accuracy, interval, loss, errors, guesses }]) => [
      name,
      guesses.length,
      100 * accuracy,
      intervalText(interval),
      loss,
      errors,
    ]),
  );
}

/** Tabulates what wrong guesses have in common. */
export function errorTable(summary: ErrorSummary): DataFrame {
  return frame(
    [
      'mistakes',
      'median confidence of mistakes (%)',
      'of right answers (%)',
      'mistakes above 90 %',
      'second choice right',
    ],
    [
      [
        summary.errors,
        100 * summary.medianErrorConfidence,
        100 * summary.medianRightConfidence,
        summary.confidentErrors,
        summary.secondChoiceRight,
      ],
    ],
  );
}

/**
 * Tabulates a training epoch by epoch.
 *
 * @param options.keptEpoch - Number of the epoch whose weights the network has. @default not shown
 */
export function epochTable(
  { epochs }: TrainingHistory,
  { keptEpoch }: { readonly keptEpoch?: number } = {},
): DataFrame {
  const isShown = keptEpoch !== undefined;
  return frame(
    [
      'epoch',
      'learning rate',
      'loss (nats)',
      'validation loss (nats)',
      'validation accuracy (%)',
      'time (s)',
      ...(isShown ? ['kept'] : []),
    ],
    epochs.map((result) => [
      result.epoch,
      result.learningRate.toExponential(1),
      result.loss,
      result.validationLoss,
      100 * result.validationAccuracy,
      result.seconds,
      ...(isShown ? [result.epoch === keptEpoch ? 'yes' : ''] : []),
    ]),
  );
}

function intervalText({ low, high }: Interval): string {
  return [low, high].map((share) => (100 * share).toFixed(2)).join(' to ');
}

/** Tabulates how many images of every class each set holds, with the sums. */
export function classTable({ train, validation, test, classNames }: DigitData): DataFrame {
  const sets = [train, validation, test];
  return frame(
    ['class', 'training (images)', 'validation (images)', 'test (images)'],
    [
      ...classNames.map((name, index) => [
        name,
        ...sets.map((set) => set.labels.filter((label) => label === index).length),
      ]),
      ['all', ...sets.map((set) => set.count)],
    ],
  );
}

/** Tabulates which classes are taken for which. */
export function confusedPairsTable(
  pairs: readonly ConfusedPair[],
  {
    classNames = numberNames(
      1 + Math.max(-1, ...pairs.flatMap((pair) => [pair.truth, pair.guess])),
    ),
  }: ClassNamesOption = {},
): DataFrame {
  pairs.forEach(({ truth, guess }, index) => {
    const last = classNames.length - 1;
    requireWhole(`pairs[${index}].truth`, truth, 0, last);
    requireWhole(`pairs[${index}].guess`, guess, 0, last);
  });
  return frame(
    ['truth', 'guess', 'count (images)', 'share of the true class (%)'],
    pairs.map(({ truth, guess, count, share }) => [
      classNames[truth],
      classNames[guess],
      count,
      100 * share,
    ]),
  );
}

/**
 * Writes a table as HTML that reads well with any style sheet, or with none (GitHub).
 *
 * Numbers are on the right, with as many decimals as the unit in the column's name asks for, (%) 2
 * and (s) 1, or else none in columns of whole numbers and 4 in others. Missing values are blank. Row
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

/** Escapes text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function frame(columns: string[], rows: Cell[][]): DataFrame {
  return new DataFrame(rows, { columns });
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
    return values[at].every((value) => Number.isInteger(value)) ? 0 : 4;
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
