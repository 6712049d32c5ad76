import type { Plot } from 'nodeplotlib';
import { axis, baseLayout, classAxis, hoverName, palette, requireShareOrNone } from './figure';
import type { Figure, TitleOption } from './figure';
import { meanInterval } from '../metrics/meanInterval';
import { escapeMarkup, shorten } from './names';
import { percent, requireKnown, requireNumber, round } from '../platform/numbers';

/** Repeated measurements, such as the accuracies of a few seeds, with what they were made of. */
export interface NamedValues {
  readonly name: string;
  /** Shares from 0 to 1, in any number; NaN and null are missing. */
  readonly values: readonly (number | null)[];
}

/** What `meanDots` compares. */
export interface MeanDotsOptions extends TitleOption {
  /** What the shares are of. @default 'accuracy' */
  readonly valueTitle?: string;
  /** What the names are. @default 'training' */
  readonly rowTitle?: string;
  /** A share to compare with, which gets a dotted line of that name. @default none */
  readonly reference?: { readonly name: string; readonly value: number };
}

/**
 * Shows repeated measurements in a row for each name: single values as small dots, and their mean with
 * its 95 % interval (`metrics.meanInterval`).
 *
 * A row of one value has no interval, and one of none stays empty. The axis has its ends where the
 * values and intervals have theirs, not at 0.
 *
 * @param rows - The measurements from above, 100 at most.
 * @throws TypeError when `rows` is no array of names with values, or there is no such option.
 * @throws RangeError when there are none or too many, or a value is no share.
 */
export function meanDots(rows: readonly NamedValues[], options: MeanDotsOptions = {}): Figure {
  requireKnown('meanDots', options, ['title', 'valueTitle', 'rowTitle', 'reference']);
  const { valueTitle = 'accuracy', rowTitle = 'training', reference } = options;
  const { title = `${valueTitle} of each ${rowTitle}, with its 95 % interval` } = options;
  requireRows(rows, reference);
  const measured = rows.map(({ name, values }, place) => {
    const shares = values.filter((value): value is number => Number.isFinite(value));
    const single = { mean: shares[0], low: NaN, high: NaN };
    return { name, place, shares, ...(shares.length > 1 ? meanInterval(shares) : single) };
  });
  const withMean = measured.filter(({ shares }) => shares.length > 0);
  const left = classAxis(
    rows.map(({ name }) => name),
    'left',
    heightOf(rows.length),
    escapeMarkup(rowTitle),
    { range: [rows.length - 0.5, -0.5] },
  );
  return {
    data: [
      ...referenceLine(reference, rows.length),
      singleValues(withMean),
      {
        ...{ type: 'scatter', mode: 'markers', name: 'mean and its 95 % interval' },
        x: withMean.map(({ mean }) => inPercent(mean)),
        y: withMean.map(({ place }) => place),
        error_x: {
          ...{
            type: 'data',
            symmetric: false,
            color: palette.vermillion,
            thickness: 1.5,
            width: 5,
          },
          array: withMean.map(({ mean, high }) => inPercent(high - mean) || 0),
          arrayminus: withMean.map(({ mean, low }) => inPercent(mean - low) || 0),
        },
        hovertext: withMean.map((row) => `${hoverName(row.name)}: ${inWords(row)}`),
        hoverinfo: 'text',
        marker: { color: palette.vermillion, size: 9, symbol: 'diamond' },
      },
    ],
    layout: baseLayout(title, 740 + left.room, heightOf(rows.length) + 140, {
      xaxis: axis(`${escapeMarkup(valueTitle)} (%)`),
      yaxis: left.axis,
      margin: { l: 70 + left.room, r: 25, t: 80, b: 60 },
      hovermode: 'closest',
      showlegend: true,
    }),
    description:
      `${title}. ` +
      measured.map((row) => `${row.name}: ${inWords(row)}`).join('; ') +
      (reference ? `. The line, ${reference.name}, is at ${percent(reference.value)}.` : '.'),
  };
}

/** What is known of a row. */
interface Measured {
  readonly name: string;
  readonly place: number;
  readonly shares: readonly number[];
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

function singleValues(rows: readonly Measured[]): Plot {
  const points = rows.flatMap(({ name, place, shares }) =>
    shares.map((share) => ({ name, place, share })),
  );
  return {
    ...{ type: 'scatter', mode: 'markers', name: 'single values' },
    x: points.map(({ share }) => inPercent(share)),
    // A little below the mean, whose mark would hide them.
    y: points.map(({ place }) => place + 0.22),
    hovertext: points.map(({ name, share }) => `${hoverName(name)}: ${percent(share)}`),
    hoverinfo: 'text',
    marker: { color: palette.blue, size: 6, opacity: 0.7 },
  };
}

function referenceLine(reference: MeanDotsOptions['reference'], rowCount: number): Plot[] {
  if (reference === undefined) return [];
  return [
    {
      ...{ type: 'scatter', mode: 'lines', name: escapeMarkup(shorten(reference.name, 32)) },
      x: [inPercent(reference.value), inPercent(reference.value)],
      y: [-0.5, rowCount - 0.5],
      hoverinfo: 'skip',
      line: { color: palette.black, width: 1, dash: 'dot' },
    },
  ];
}

function inWords({ shares, mean, low, high }: Measured): string {
  if (shares.length === 0) return 'no values';
  if (shares.length === 1) return `${percent(mean)}, a single value`;
  return `${percent(mean)} (95 %: ${percent(low)} to ${percent(high)}), ${shares.length} values`;
}

/** Pixels of so many rows. */
function heightOf(rowCount: number): number {
  return Math.round(Math.min(700, Math.max(140, 36 * rowCount)));
}

function inPercent(share: number): number {
  return round(100 * share, 4);
}

/** Refuses what is no list of names with shares, or a reference that is none. */
export function requireRows(
  rows: readonly NamedValues[],
  reference?: MeanDotsOptions['reference'],
): void {
  if (!Array.isArray(rows)) {
    throw new TypeError(`rows is ${String(rows)}; expected an array of { name, values }`);
  }
  if (rows.length === 0 || rows.length > 100) {
    throw new RangeError(`rows has ${rows.length} entries; expected 1 to 100, one for each name`);
  }
  rows.forEach((row: NamedValues | null, index) => {
    if (typeof row?.name !== 'string' || !Array.isArray(row.values)) {
      throw new TypeError(`rows[${index}] is no { name, values }; expected a text and an array`);
    }
    row.values.forEach((value, at) => requireShareOrNone(`rows[${index}].values[${at}]`, value));
  });
  if (reference === undefined) return;
  const { name, value } = reference;
  if (typeof name !== 'string') throw new TypeError(`reference.name is ${name}; expected a text`);
  requireNumber('reference.value', value, 'a share from 0 to 1', value >= 0 && value <= 1);
}
