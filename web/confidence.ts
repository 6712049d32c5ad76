/*
 * How sure is a reading, in words?
 */

/** Guesses on test digits that the network was about as sure of. */
export interface Bin {
  readonly low: number;
  readonly high: number;
  /** Number of guesses. */
  readonly count: number;
  /** Share of them that is right. */
  readonly accuracy: number;
}

/** Fewer guesses than this say little about the next one. */
const leastGuesses = 30;

/** A second guess this probable is worth telling. */
const nearShare = 0.1;

/**
 * Joins neighboring bins until each has 30 guesses, and lets the first reach down to 0.
 *
 * @param bins - In order of confidence; their guesses are at least 30 in all.
 */
export function joinBins(bins: readonly Bin[]): Bin[] {
  const joined: Bin[] = [];
  let low = 0;
  let [count, right] = [0, 0];
  for (const bin of bins) {
    count += bin.count;
    right += bin.count * bin.accuracy;
    if (count < leastGuesses) continue;
    joined.push({ low, high: bin.high, count, accuracy: right / count });
    [low, count, right] = [bin.high, 0, 0];
  }
  return joined;
}

/**
 * Gives the share of readings that are wrong among those about as sure as this one.
 *
 * Where none was, it is as if half of one had been: no count shows that none ever will be.
 *
 * @param bins - Those of {@link joinBins}.
 * @param confidence - The probability of the guess, 0 to 1.
 */
export function wrongShare(bins: readonly Bin[], confidence: number): number {
  const bin = bins.find(({ high }) => confidence <= high) ?? bins[bins.length - 1];
  return Math.max(1 - bin.accuracy, 0.5 / bin.count);
}

/**
 * Says in words how often such readings are wrong, rounded to what the counts can tell.
 *
 * @param wrong - The share of wrong ones, above 0 and up to 1.
 * @param what - What is read, in the plural: `readings`.
 * @example sayWrong(0.00132, 'readings') // 'About 1 in 760 such readings is wrong.'
 */
export function sayWrong(wrong: number, what: string): string {
  if (wrong > 0.28) return `About ${Math.round(10 * wrong)} in 10 such ${what} are wrong.`;
  const each = 1 / wrong;
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(each)) - 1);
  const rounded = Math.round(each / unit) * unit;
  return `About 1 in ${rounded.toLocaleString('en')} such ${what} is wrong.`;
}

/** A digit with its probability. */
export interface Guess {
  readonly digit: number;
  readonly probability: number;
}

/**
 * Picks the guess and, where it is probable enough to be told, the second one.
 *
 * @param probabilities - Ten, adding up to 1.
 */
export function rankGuesses(probabilities: ArrayLike<number>): { first: Guess; second?: Guess } {
  const [first, second] = Array.from(probabilities, (probability, digit) => ({
    digit,
    probability,
  })).sort((one, other) => other.probability - one.probability);
  return second.probability >= nearShare ? { first, second } : { first };
}
