import type { Plot } from 'nodeplotlib';
import { axis, baseLayout, classAxis, hoverName, letterWidth, palette } from './figure';
import type { Figure, TitleOption } from './figure';
import { lookOf } from './curves';
import { errorAxis, errorOf } from './epochs';
import { logScale } from './logScale';
import { requireRows, type NamedValues } from './meanDots';
import { escapeMarkup, shorten, widthOf } from './names';
import { percent, requireKnown, requireParts } from '../platform/numbers';

/** What `compareDots` compares. */
export interface CompareDotsOptions extends TitleOption {
  /** Names of what is compared, one for each value of a row, 8 at most. */
  readonly columns: readonly string[];
  /** What the shares are of. @default 'accuracy' */
  readonly valueTitle?: string;
  /** What the rows are. @default 'images' */
  readonly rowTitle?: string;
}

/**
 * Shows a few competitors in one row for each thing that they are compared by: a dot each, on a
 * logarithmic scale of the error, as in `trainingCurves`, the best to the right.
 *
 * @param rows - From above, 100 at most, each with a share for every column; NaN and null are missing.
 * @throws TypeError when `rows` is no array of names with values, or there is no such option.
 * @throws RangeError when there are none or too many, or a value is no share.
 */
export function compareDots(rows: readonly NamedValues[], options: CompareDotsOptions): Figure {
  requireKnown('compareDots', options ?? {}, ['title', 'columns', 'valueTitle', 'rowTitle']);
  requireParts('options', options, ['columns'], "{ columns: ['one', 'other'] }");
  const { columns, valueTitle = 'accuracy', rowTitle = 'images' } = options;
  const { title = `${valueTitle} by ${rowTitle}` } = options;
  requireRows(rows);
  requireColumns(rows, columns);
  const names = rows.map(({ name }) => name);
  const height = Math.round(Math.min(700, Math.max(140, 40 * rows.length)));
  const left = classAxis(names, 'left', height, escapeMarkup(rowTitle), {
    ...{ range: [rows.length - 0.5, -0.5], showgrid: true },
  });
  const scale = logScale(
    rows.flatMap(({ values }) => values.map((value) => errorOf(value))),
    8,
  );
  const labels = columns.map((name) => shorten(name, 28));
  const legend = labels.reduce((sum, label) => sum + 45 + letterWidth * widthOf(label), 0);
  return {
    data: columns.map((name, column): Plot => {
      const shares = rows.map(({ values }) => values[column] ?? NaN);
      return {
        ...{ type: 'scatter', mode: 'markers', name: escapeMarkup(labels[column]) },
        x: shares.map((share) => scale.place(errorOf(share))),
        y: shares.map((_, row) => row),
        hovertext: shares.map(
          (share, row) => `${hoverName(`${names[row]}, ${name}`)}: ${percent(share)}`,
        ),
        hoverinfo: 'text',
        marker: {
          ...{ ...lookOf(column).marker, size: 11, color: lookOf(column).line?.color },
          line: { color: palette.black, width: 0.5 },
        },
      };
    }),
    layout: baseLayout(title, Math.max(740, legend + 120) + left.room, height + 140, {
      xaxis: { ...axis(''), ...errorAxis(`${escapeMarkup(valueTitle)} (%)`, scale) },
      yaxis: left.axis,
      margin: { l: 70 + left.room, r: 25, t: 80, b: 60 },
      showlegend: true,
      hovermode: 'closest',
    }),
    description:
      `${title}, on a logarithmic scale of the error. ` +
      `${rows.map((row) => `${row.name}: ${inWords(row, columns)}`).join('; ')}.`,
  };
}

function inWords({ values }: NamedValues, columns: readonly string[]): string {
  const known = columns.flatMap((name, column) => {
    const value = values[column] ?? NaN;
    return Number.isNaN(value) ? [] : [`${name} ${percent(value)}`];
  });
  return known.length === 0 ? 'no values' : known.join(', ');
}

/** More than these are not told apart by color. */
const mostColumns = Object.keys(palette).length;

function requireColumns(rows: readonly NamedValues[], columns: readonly string[]): void {
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === 'string')) {
    throw new TypeError(`columns is ${String(columns)}; expected an array of names`);
  }
  if (columns.length === 0 || columns.length > mostColumns) {
    throw new RangeError(`columns has ${columns.length} names; expected 1 to ${mostColumns}`);
  }
  rows.forEach(({ values }, row) => {
    if (values.length === columns.length) return;
    throw new RangeError(
      `rows[${row}] has ${values.length} values; expected ${columns.length}, one for each column`,
    );
  });
}
