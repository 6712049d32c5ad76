import { requireNumber } from '../platform/numbers';
import { requireList, type Interval } from './metrics';

/** The mean of a few values, with the interval in which that of many more would lie. */
export interface MeanInterval extends Interval {
  readonly mean: number;
  /** That of the sample, which divides by one less than the number of values. */
  readonly standardDeviation: number;
}

/**
 * Gives the mean of repeated measurements, such as accuracies of a few seeds, with Student's interval
 * of it (Student, "The probable error of a mean", 1908).
 *
 * The interval takes the values for draws of a normal distribution, and is not cut at 0 and 1: that of
 * accuracies near 1 may reach beyond.
 *
 * @param values - Two or more numbers, in any unit, which the interval has too.
 * @param options.confidence - How often such intervals hold the true mean, between 0 and 1.
 *   @default 0.95
 * @throws RangeError when there are fewer than two values, one is not finite, or `confidence` is out of
 *   range.
 * @throws TypeError when `values` is no array.
 * @example meanInterval([1, 2, 3]) // { mean: 2, low: -0.484, high: 4.484, standardDeviation: 1 }
 */
export function meanInterval(
  values: ArrayLike<number>,
  { confidence = 0.95 }: { readonly confidence?: number } = {},
): MeanInterval {
  requireList('values', values);
  const count = values.length;
  if (count < 2) {
    throw new RangeError(
      `values has ${count} numbers; expected two or more, since one tells nothing of how they differ`,
    );
  }
  const numbers = Array.from(values);
  numbers.forEach((value, at) => requireNumber(`values[${at}]`, value, 'a finite number'));
  const isInRange = confidence > 0 && confidence < 1;
  requireNumber('confidence', confidence, 'a number between 0 and 1', isInRange);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / count;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardDeviation = Math.sqrt(squares / (count - 1));
  const reach = (studentReach(confidence, count - 1) * standardDeviation) / Math.sqrt(count);
  return { mean, low: mean - reach, high: mean + reach, standardDeviation };
}

/** The t between which and -t Student's distribution has a share, by halving the angle's range. */
function studentReach(share: number, freedom: number): number {
  let [low, high] = [0, Math.PI / 2];
  // As many halvings as a 64-bit number has digits.
  for (let halving = 0; halving < 53; halving++) {
    const middle = (low + high) / 2;
    if (studentShare(middle, freedom) < share) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/**
 * The share of Student's distribution between -t and t, of the angle whose tangent is t / √freedom: a
 * finite sum for whole degrees of freedom (Abramowitz and Stegun, 1964, 26.7.3 and 26.7.4).
 */
function studentShare(angle: number, freedom: number): number {
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? Math.cos(angle) : 1;
  let sum = 0;
  for (let power = isOdd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= (Math.cos(angle) ** 2 * (power + 1)) / (power + 2);
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
