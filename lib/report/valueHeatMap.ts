import { hoverName, requireShareOrNone, type Figure, type TitleOption } from './figure';
import { heatMap, type HeatMapSide } from './heatMap';
import { percent, round } from '../platform/numbers';

/** Shares that were measured for all combinations of two settings. */
export interface ValueGrid {
  /** The setting that goes down, such as `{ title: 'rotation (degrees)', names: ['0', '10'] }`. */
  readonly rows: HeatMapSide;
  /** The setting that goes to the right. */
  readonly columns: HeatMapSide;
  /** Row by row, from 0 to 1; NaN and null are missing. */
  readonly values: readonly (readonly (number | null)[])[];
}

/**
 * Shows shares, such as accuracies, of two settings as a heat map: in per cent in the cells, and as
 * color from the lowest to the highest; cells whose share is missing stay blank.
 *
 * @param grid - The shares with what their rows and columns are.
 * @param options.title - What was compared. @default the value's name by those of the sides
 * @param options.valueTitle - What the shares are of. @default 'accuracy'
 * @throws TypeError when `grid` is no grid.
 * @throws RangeError when names and values are not as many, there are none, or a value is no share.
 */
export function valueHeatMap(
  grid: ValueGrid,
  {
    valueTitle = 'accuracy',
    title = `${valueTitle} by ${grid?.rows?.title} and ${grid?.columns?.title}`,
  }: TitleOption & { readonly valueTitle?: string } = {},
): Figure {
  requireGrid(grid);
  const { rows, columns, values } = grid;
  const cells = <Content>(give: (share: number, row: number, column: number) => Content) =>
    values.map((shares, row) => shares.map((share, column) => give(share ?? NaN, row, column)));
  const placeOf = (row: number, column: number) =>
    `${rows.title} ${rows.names[row]}, ${columns.title} ${columns.names[column]}`;
  const known = cells((share, row, column) => ({ share, place: placeOf(row, column) }))
    .flat()
    .filter(({ share }) => !Number.isNaN(share))
    .sort((one, other) => one.share - other.share);
  const [lowest, highest] = [known.at(0), known.at(-1)];
  const [low, high] = [100 * (lowest?.share ?? 0), 100 * (highest?.share ?? 1)];
  const figure = heatMap(title, {
    ...{ rows, columns },
    texts: cells((share) => (Number.isNaN(share) ? '' : (100 * share).toFixed(2))),
    hovers: cells((share, row, column) =>
      Number.isNaN(share)
        ? ''
        : hoverName(`${placeOf(row, column)}: ${valueTitle} ${percent(share)}`),
    ),
    depths: cells((share) => (Number.isNaN(share) ? null : round(100 * share, 4))),
    // A scale has to have a length, also where all values are one.
    range: high > low ? [low, high] : [low - 0.5, low + 0.5],
    bar: { title: `${valueTitle} (%)` },
  });
  return {
    ...figure,
    description:
      `${title}: rows are ${rows.title}, columns ${columns.title}, the values in per cent. ` +
      (lowest === undefined || highest === undefined
        ? 'There are no values.'
        : `The highest is ${percent(highest.share)} at ${highest.place}, the lowest ` +
          `${percent(lowest.share)} at ${lowest.place}.`),
  };
}

function requireGrid(grid: ValueGrid | null): asserts grid is ValueGrid {
  const { rows, columns, values } = grid ?? {};
  if (!isSide(rows) || !isSide(columns) || !Array.isArray(values) || !values.every(Array.isArray)) {
    throw new TypeError(
      `grid is ${JSON.stringify(grid)}; expected { rows, columns, values } with rows and columns as ` +
        '{ title, names } and an array of shares for each row',
    );
  }
  const wrong = values.findIndex(({ length }) => length !== columns.names.length);
  if (columns.names.length === 0 || values.length !== rows.names.length || values.length === 0) {
    throw new RangeError(
      `values has ${values.length} rows for ${rows.names.length} names of rows and ` +
        `${columns.names.length} of columns; expected a row for each name, and one or more of both`,
    );
  }
  if (wrong >= 0) {
    throw new RangeError(
      `values[${wrong}] has ${values[wrong].length} shares; expected ${columns.names.length}, one ` +
        'for each column',
    );
  }
  values.forEach((shares, row) => {
    shares.forEach((share: number | null, column: number) =>
      requireShareOrNone(`values[${row}][${column}]`, share),
    );
  });
}

function isSide(side: Partial<HeatMapSide> | undefined | null): side is HeatMapSide {
  const isText = (text: unknown) => typeof text === 'string';
  return isText(side?.title) && Array.isArray(side?.names) && !!side?.names.every(isText);
}
