// danfojs loads tfjs-node too, so our TensorFlow, with its settings, has to be loaded first.
import './tensorflow';
import { DataFrame } from 'danfojs-node';
import { layerShapes } from './fused/shapes';
import type { ClassificationReport, ConfusedPair, Interval, Scores } from './metrics';
import type { DigitData } from './mnist';
import { thousands } from './numbers';
import type { tf } from './tensorflow';

/** What one trained network is compared by. */
export interface ModelResult {
  readonly name: string;
  readonly parameters: number;
  /** Finished epochs. */
  readonly epochs: number;
  /** Time of the training, in seconds. */
  readonly seconds: number;
  /** Share of validation images read rightly after the last epoch, 0 to 1. */
  readonly validationAccuracy: number;
  /** Share of test images read rightly, 0 to 1. */
  readonly testAccuracy: number;
  /** The 95 % interval of the test accuracy, 0 to 1. */
  readonly testInterval: Interval;
}

type Cell = string | number;
type CellValue = Cell | boolean | null | undefined;

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

/** Tabulates trained networks side by side, one row for each. */
export function comparisonTable(results: readonly ModelResult[]): DataFrame {
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
    results.map((result) => [
      result.name,
      result.parameters,
      result.epochs,
      result.seconds,
      100 * result.validationAccuracy,
      100 * result.testAccuracy,
      [result.testInterval.low, result.testInterval.high]
        .map((share) => (100 * share).toFixed(2))
        .join(' to '),
    ]),
  );
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
  classNames: readonly string[],
): DataFrame {
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
 * and (s) 1, or else none in columns of whole numbers and 4 in others. The row index is left out.
 *
 * @param table - Any danfojs data frame; all its texts are escaped.
 * @param caption - What it shows. @default none
 */
export function tableHtml(table: DataFrame, caption?: string): string {
  const { columns, rows, numeric } = formatCells(table);
  const side = (column: number) => (numeric[column] ? 'right' : 'left');
  // JupyterLab's style sheet overrules the attribute, and GitHub drops the style: so both.
  const tag = (name: string, text: string, column: number) =>
    `<${name} align="${side(column)}" style="text-align: ${side(column)}">${escapeHtml(text)}</${name}>`;
  const row = (name: string, texts: readonly string[]) =>
    `<tr>${texts.map((text, column) => tag(name, text, column)).join('')}</tr>`;
  return [
    '<table>',
    ...(caption === undefined ? [] : [`<caption>${escapeHtml(caption)}</caption>`]),
    `<thead>${row('th', columns)}</thead>`,
    '<tbody>',
    ...rows.map((texts) => row('td', texts)),
    '</tbody>',
    '</table>',
  ].join('\n');
}

/** Writes a table as lines of text for a terminal, with the number formats of `tableHtml`. */
export function tableText(table: DataFrame, caption?: string): string {
  const { columns, rows, numeric } = formatCells(table);
  const widths = columns.map((name, column) =>
    Math.max(name.length, ...rows.map((texts) => texts[column].length)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) =>
        numeric[column] ? text.padStart(widths[column]) : text.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [...(caption === undefined ? [] : [caption]), line(columns), rule, ...rows.map(line)].join(
    '\n',
  );
}

/** Escapes text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function frame(columns: string[], rows: Cell[][]): DataFrame {
  return new DataFrame(rows, { columns });
}

function formatCells(table: DataFrame) {
  const cells = table.values as CellValue[][];
  const columns = table.columns;
  const isBlank = (value: unknown) => value === '' || value == null || Number.isNaN(value);
  const values = columns.map((_, column) =>
    cells.map((row) => row[column]).filter((value) => !isBlank(value)),
  );
  const numeric = values.map((column) => column.every((value) => typeof value === 'number'));
  const digits = columns.map((name, column) => {
    if (name.endsWith('(%)')) return 2;
    if (name.endsWith('(s)')) return 1;
    return values[column].every((value) => Number.isInteger(value)) ? 0 : 4;
  });
  const format = (value: CellValue, column: number) => {
    if (isBlank(value)) return '';
    if (typeof value !== 'number') return String(value);
    return thousands(value, digits[column]);
  };
  return { columns, numeric, rows: cells.map((row) => row.map(format)) };
}
