/*
 * Rows are numbers that a network's hidden layer has for images: one flat array, row after row.
 */
import { requireNumber, requireParts, requireWhole } from '../platform/numbers';
import { seededRandom } from '../platform/random';

/** A row and how far it is. */
export interface NearRow {
  /** Its place among the rows, from 0. */
  readonly index: number;
  /** Euclidean. */
  readonly distance: number;
}

/**
 * Finds the rows that are nearest to another one.
 *
 * @param rows - n rows with as many columns as `query` has, flat.
 * @param options.count - How many, fewer where there are fewer. @default 5
 * @returns The nearest first.
 * @throws TypeError when rows or query are missing.
 * @throws RangeError when the rows are not whole, a number is not finite, or `count` is no whole number from 1.
 * @example nearestRows([0, 0, 3, 4], [0, 1], { count: 1 }) // [{ index: 0, distance: 1 }]
 */
export function nearestRows(
  rows: ArrayLike<number>,
  query: ArrayLike<number>,
  { count = 5 }: { readonly count?: number } = {},
): NearRow[] {
  requireWhole('count', count, 1);
  requireParts('query', query, ['length'], 'the numbers of one row');
  const columns = query.length;
  requireWholeRows(rows, columns);
  requireFinite('query', query);
  const found = Array.from({ length: rows.length / columns }, (_, index): NearRow => {
    let squares = 0;
    for (let column = 0; column < columns; column++) {
      squares += (rows[index * columns + column] - query[column]) ** 2;
    }
    return { index, distance: Math.sqrt(squares) };
  });
  return found.sort((one, other) => one.distance - other.distance).slice(0, count);
}

/** The directions in which rows differ most. */
export interface PrincipalComponents {
  /** For each direction, the largest first: where each row is along it, from their mean. */
  readonly coordinates: readonly (readonly number[])[];
  /** For each direction, its share of all variance, 0 to 1. */
  readonly shares: readonly number[];
}

/**
 * Finds the directions in which rows differ most (principal components) by the power method: a
 * direction that is multiplied by the covariance again and again turns to the main one.
 *
 * @param rows - n rows, flat, which stay as they are.
 * @param options.columns - Numbers of a row.
 * @param options.count - How many directions, up to `columns`. @default 2
 * @throws TypeError when rows or options are missing.
 * @throws RangeError when the rows are none or not whole, or a number is not finite or out of range.
 * @example principalComponents([0, 0, 2, 2, 4, 4], { columns: 2 }).shares // [1, 0]
 */
export function principalComponents(
  rows: ArrayLike<number>,
  options: { readonly columns: number; readonly count?: number },
): PrincipalComponents {
  requireParts('the options', options, ['columns'], 'an object such as { columns: 128 }');
  const { columns, count = 2 } = options;
  requireWhole('columns', columns, 1);
  requireWhole('count', count, 1, columns);
  requireWholeRows(rows, columns);
  const rest = centered(rows, columns);
  const squares = (values: Iterable<number>) => {
    let sum = 0;
    for (const value of values) sum += value ** 2;
    return sum;
  };
  const all = rest.reduce((sum, row) => sum + squares(row), 0);
  const coordinates: number[][] = [];
  for (let component = 0; component < count; component++) {
    const direction = mainDirection(rest, columns);
    const along = rest.map((row) => dot(row, direction));
    rest.forEach((row, at) => {
      for (let column = 0; column < columns; column++) row[column] -= along[at] * direction[column];
    });
    coordinates.push(along);
  }
  return { coordinates, shares: coordinates.map((along) => (all > 0 ? squares(along) / all : 0)) };
}

/** Enough rounds for directions that are a tenth apart in their variance. */
const rounds = 100;

function mainDirection(rows: readonly Float64Array[], columns: number): Float64Array {
  // Chance is never at right angles to what is looked for.
  const random = seededRandom(1, 'direction');
  let direction = Float64Array.from({ length: columns }, () => random() - 0.5);
  for (let round = 0; round < rounds; round++) {
    const next = new Float64Array(columns);
    for (const row of rows) {
      const along = dot(row, direction);
      for (let column = 0; column < columns; column++) next[column] += along * row[column];
    }
    const length = Math.sqrt(dot(next, next));
    if (length === 0) break;
    direction = next.map((value) => value / length);
  }
  const length = Math.sqrt(dot(direction, direction));
  return direction.map((value) => value / length);
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at] * other[at];
  return sum;
}

function centered(rows: ArrayLike<number>, columns: number): Float64Array[] {
  const count = rows.length / columns;
  const mean = new Float64Array(columns);
  for (let at = 0; at < rows.length; at++) mean[at % columns] += rows[at] / count;
  return Array.from({ length: count }, (_, row) =>
    mean.map((value, column) => rows[row * columns + column] - value),
  );
}

function requireWholeRows(rows: ArrayLike<number>, columns: number): void {
  requireParts('rows', rows, ['length'], 'numbers, row after row');
  if (columns === 0 || rows.length === 0 || rows.length % columns > 0) {
    throw new RangeError(
      `rows has ${rows.length} numbers; expected a positive multiple of the ${columns} of a row`,
    );
  }
  requireFinite('rows', rows);
}

function requireFinite(name: string, values: ArrayLike<number>): void {
  for (let at = 0; at < values.length; at++) {
    if (!Number.isFinite(values[at]))
      requireNumber(`${name}[${at}]`, values[at], 'a finite number');
  }
}
