import seedrandom from 'seedrandom';

/** A source of uniform random numbers in [0, 1). */
export type Random = () => number;

/** Where a source stands (the state of the ARC4 generator), as a JSON value. */
export interface RandomState {
  readonly i: number;
  readonly j: number;
  readonly S: number[];
}

/** A source that can be continued from where it stands. */
export interface SeededRandom extends Random {
  state(): RandomState;
}

/**
 * Makes a repeatable source of random numbers for one purpose of a run.
 *
 * Sources of different purposes are independent, so that drawing more sample digits does not
 * change how a network is initialised.
 *
 * @param seed - The run's seed, any finite number.
 * @param purpose - What the numbers are for, such as `'shuffle'`.
 * @param state - Where an earlier source of this seed and purpose stood. @default at its beginning
 * @returns A function that gives the next number in [0, 1).
 * @throws RangeError when the seed is not finite.
 */
export function seededRandom(seed: number, purpose: string, state?: RandomState): SeededRandom {
  if (!Number.isFinite(seed)) {
    throw new RangeError(`seed is ${seed}; expected a finite number, such as 42`);
  }
  return seedrandom(`${seed}/${purpose}`, { state: state ?? true });
}

/**
 * Draws a seed for TensorFlow's own generators.
 *
 * It is never 0, which tfjs takes for "no seed".
 *
 * @param random - The source to draw from.
 * @returns A whole number from 1 to 2³¹ - 1.
 */
export function drawSeed(random: Random): number {
  return 1 + Math.floor(random() * 0x7fffffff);
}

/**
 * Gives the numbers 0 to count - 1 in random order (Fisher-Yates).
 *
 * @param count - How many numbers, a whole number from 0.
 * @param random - The source to draw from.
 * @returns A new array of length `count`.
 */
export function shuffledIndices(count: number, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [indices[last], indices[other]] = [indices[other], indices[last]];
  }
  return indices;
}
