/*
 * Labels and probabilities are those of metrics.ts: whole numbers from 0 to classCount - 1, and
 * one flat array of n rows with classCount columns. The confidence of a guess is its probability,
 * the highest of its row; a calibrated network is right in 90 % of the guesses it is 90 % sure of.
 */
import {
  checkLabelledRows,
  checkProbabilities,
  columnsOfDigits,
  mostProbableClasses,
  type ClassCountOption,
} from './metrics';
import { requireNumber, requireParts, requireWhole } from '../platform/numbers';

/** The guesses whose confidence is above `low` and at most `high`. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  /** Number of guesses, from 1. */
  readonly count: number;
  /** Their mean confidence. */
  readonly confidence: number;
  /** Share of them that is right. */
  readonly accuracy: number;
}

/** How guesses are sorted by their confidence. */
export interface ReliabilityOptions extends ClassCountOption {
  /** Bins of equal width from 0 to 1, a whole number from 1. @default 15 */
  readonly binCount?: number;
}

/**
 * Sorts the guesses into bins by their confidence, and gives the accuracy of each.
 *
 * The bins are those of Guo et al., "On calibration of modern neural networks", 2017 (arXiv
 * 1706.04599): of equal width, each with its upper end. Bins without a guess are left out, since
 * they have neither a confidence nor an accuracy.
 *
 * @param probabilities - One row of `classCount` columns for each label, flat.
 * @returns The bins in order of confidence; their counts add up to n.
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 * @example reliabilityBins([0, 1], [0.875, 0.125, 0.75, 0.25], { binCount: 2, classCount: 2 })
 * // [{ low: 0.5, high: 1, count: 2, confidence: 0.8125, accuracy: 0.5 }]
 */
export function reliabilityBins(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { binCount = 15, classCount = 10 }: ReliabilityOptions = {},
): ReliabilityBin[] {
  checkLabelledRows(labels, probabilities, classCount);
  requireWhole('binCount', binCount, 1);
  const bins = Array.from({ length: binCount }, (_, bin) => ({
    ...{ low: bin / binCount, high: (bin + 1) / binCount },
    ...{ count: 0, confidences: 0, right: 0 },
  }));
  mostProbableClasses(probabilities, { classCount }).forEach((guess, row) => {
    const confidence = probabilities[row * classCount + guess];
    // A 32-bit probability may be rounded to a little more than the last bin's end.
    const bin = bins.find(({ high }) => confidence <= high) ?? bins[binCount - 1];
    bin.count += 1;
    bin.confidences += confidence;
    bin.right += guess === labels[row] ? 1 : 0;
  });
  return bins
    .filter(({ count }) => count > 0)
    .map(({ low, high, count, confidences, right }) => {
      return { low, high, count, confidence: confidences / count, accuracy: right / count };
    });
}

/**
 * Gives how far confidence and accuracy are apart on average, 0 to 1 (lower is better): the expected
 * calibration error of Guo et al. 2017, over the guesses and not over all classes.
 *
 * It is the mean of |accuracy - confidence| over the bins, each counting by its guesses. Only
 * figures with one number of bins and about as many images compare; few images make it too high.
 *
 * @param probabilities - One row of `classCount` columns for each label, flat.
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 * @example expectedCalibrationError([0, 1], [0.875, 0.125, 0.75, 0.25], { classCount: 2 })
 * // (|1 - 0.875| + |0 - 0.75|) / 2 = 0.4375
 */
export function expectedCalibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: ReliabilityOptions = {},
): number {
  return meanGap(reliabilityBins(labels, probabilities, options));
}

/** Gives the mean of |accuracy - confidence| over bins, each counting by its guesses. */
export function meanGap(bins: readonly ReliabilityBin[]): number {
  const guesses = bins.reduce((total, { count }) => total + count, 0);
  return bins.reduce(
    (total, { count, accuracy, confidence }) =>
      total + (count / guesses) * Math.abs(accuracy - confidence),
    0,
  );
}

/**
 * Finds the temperature that makes a network's probabilities fit labels best (temperature scaling,
 * Guo et al. 2017): above 1 where it is too sure of its guesses, below 1 where not sure enough.
 *
 * It minimises the log loss of `applyTemperature(probabilities, { temperature })`. Take labels that the
 * network has not learned from, and others than those that the result is judged on.
 *
 * @param probabilities - One row of `classCount` columns for each label, flat.
 * @param options.classCount - Columns of a row. @default 10
 * @returns A number from 0.01 to 100. It is 0.01 where all guesses are right, since the surer the
 *   better then, 100 where an even guess would be better, and 1 where all rows are even.
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 * @example fitTemperature([0, 0, 0, 1], Array(4).fill([0.9, 0.1]).flat(), { classCount: 2 })
 * // ln(0.9 / 0.1) / ln(0.75 / 0.25) = 2, which makes 0.75 of 0.9
 */
export function fitTemperature(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { classCount = 10 }: ClassCountOption = {},
): number {
  checkLabelledRows(labels, probabilities, classCount);
  const logits = shiftedLogits(probabilities, classCount);
  // The loss is convex in 1 / T, so that its slope changes sign once: halve the interval of ln(1 / T)
  // in which it does, about its middle.
  const reach = Math.log(100);
  let middle = 0;
  for (let half = reach / 2; half > Number.EPSILON; half /= 2) {
    const slope = lossSlope(labels, logits, classCount, Math.exp(middle));
    if (slope === 0) break;
    middle += slope < 0 ? half : -half;
  }
  return Math.exp(-middle);
}

/**
 * Gives the probabilities that a network would have had with all logits divided by a temperature.
 *
 * They are softmax(ln(p) / temperature), since a softmax forgets what is added to a whole row of
 * logits. Guesses stay as they are; only two probabilities that are alike to about seven digits
 * may become equal in 32 bits.
 *
 * A probability below 2⁻¹²⁶, the least normal 32-bit number, counts as that: a softmax of 32 bits
 * leaves 0 there, from which the logit cannot be found.
 *
 * @param probabilities - n rows of `classCount` columns, flat; they stay as they are.
 * @param options.temperature - A finite number above 0; 1 changes nothing, more makes rows more even.
 * @param options.classCount - Columns of a row. @default 10, for rows that each add up to 1
 * @returns Rows in the same order, each adding up to 1.
 * @throws RangeError when nothing came, the last row is incomplete or a value is out of range, or
 *   when no `classCount` is given and a row of ten does not add up to 1.
 * @example applyTemperature([0.9, 0.1], { temperature: 2, classCount: 2 }) // [0.75, 0.25]
 */
export function applyTemperature(
  probabilities: ArrayLike<number>,
  options: ClassCountOption & { readonly temperature: number },
): Float32Array {
  requireParts('options', options, ['temperature'], '{ temperature }');
  const { temperature, classCount = columnsOfDigits(probabilities) } = options;
  checkProbabilities(probabilities, classCount);
  requireNumber('temperature', temperature, 'a finite number above 0', temperature > 0);
  const powers = shiftedLogits(probabilities, classCount).map((logit) =>
    Math.exp(logit / temperature),
  );
  const scaled = new Float32Array(powers.length);
  for (let start = 0; start < powers.length; start += classCount) {
    const row = powers.subarray(start, start + classCount);
    const total = row.reduce((sum, power) => sum + power, 0);
    scaled.set(
      row.map((power) => power / total),
      start,
    );
  }
  return scaled;
}

/** Logarithms of the probabilities, less the greatest of their row, so that no power overflows. */
function shiftedLogits(probabilities: ArrayLike<number>, classCount: number): Float64Array {
  const logits = Float64Array.from(probabilities, (p) => Math.log(Math.max(p, 2 ** -126)));
  for (let start = 0; start < logits.length; start += classCount) {
    const row = logits.subarray(start, start + classCount);
    const greatest = Math.max(...row);
    row.forEach((logit, at) => (row[at] = logit - greatest));
  }
  return logits;
}

/** Slope of the summed log loss in the scale = 1 / T: a row's mean logit less its label's. */
function lossSlope(
  labels: ArrayLike<number>,
  logits: Float64Array,
  classCount: number,
  scale: number,
): number {
  let slope = 0;
  for (let row = 0; row < labels.length; row++) {
    const start = row * classCount;
    let powers = 0;
    let weighted = 0;
    for (let at = start; at < start + classCount; at++) {
      const power = Math.exp(scale * logits[at]);
      powers += power;
      weighted += power * logits[at];
    }
    slope += weighted / powers - logits[start + labels[row]];
  }
  return slope;
}
