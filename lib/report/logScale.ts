/** How values from 0 lie on a logarithmic axis, which has no place for 0. */
export interface LogScale {
  /** The ends of the axis, above 0. */
  readonly low: number;
  readonly high: number;
  /** The values to write, round ones, and 0 where it is drawn. */
  readonly ticks: readonly number[];
  /** Gives where a value is drawn: 0 at half the smallest positive value, null for a missing one. */
  readonly place: (value: number) => number | null;
}

/**
 * Fits a logarithmic axis to values.
 *
 * @param values - Numbers from 0; others, and those that are NaN or infinite, are missing.
 * @param mostTicks - How many ticks there is room for, from 3.
 */
export function logScale(values: Iterable<number>, mostTicks: number): LogScale {
  let [least, most, hasZero] = [Infinity, 0, false];
  for (const value of values) {
    if (value === 0) hasZero = true;
    if (!Number.isFinite(value) || value <= 0) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (most === 0) [least, most] = hasZero ? [1, 1] : [1, 100];
  const bottom = hasZero ? least / 2 : least;
  const padding = Math.max(1.03, (most / bottom) ** 0.05);
  const [low, high] = [bottom / padding, most * padding];
  // What is nearer to the zero than to the least value would be written over it.
  const ticks = roundNumbers(low, high, mostTicks).filter(
    (value) => !hasZero || value > bottom * Math.SQRT2,
  );
  return {
    ...{ low, high, ticks: hasZero ? [0, ...ticks] : ticks },
    place: (value) => (value === 0 ? bottom : value > 0 && value < Infinity ? value : null),
  };
}

/** Round numbers between two others, on a logarithmic scale about as far from each other. */
function roundNumbers(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const sparse = Math.ceil(powers.length / most);
  const ofPowers = (digits: readonly number[]) =>
    powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
  const choices = [
    ofPowers([1, 2, 5]),
    ofPowers([1, 1.5, 2, 3, 5, 7]),
    ofPowers([1]),
    ofPowers([1]).filter((_, index) => index % sparse === 0),
    // Where the ends are near, the scale is about even, and so are the numbers.
    ...[first, first - 1, first - 2].flatMap((power) =>
      [5, 2, 1].map((digit) => multiples(low, high, digit, power)),
    ),
  ]
    .map((values) => values.filter((value) => value >= low && value <= high))
    .filter(({ length }) => length <= most);
  return (
    choices.find(({ length }) => length >= 4) ??
    choices.reduce((longest, other) => (other.length > longest.length ? other : longest))
  );
}

/** Multiples of a round step in a range that is at most a few times as long. */
function multiples(low: number, high: number, digit: number, power: number): number[] {
  const step = Number(`${digit}e${power}`);
  const count = Math.min(200, Math.floor((high - low) / step) + 2);
  const start = Math.floor(low / step);
  return Array.from({ length: count }, (_, index) =>
    Number(((start + index) * step).toPrecision(12)),
  );
}
