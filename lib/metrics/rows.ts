/*
 * Rows are numbers that a network's hidden layer has for images: one flat array, row after row.
 */
import { requireNumber, requireParts, requireWhole } from '../platform/numbers';

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
