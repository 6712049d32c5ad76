/*
 * Labels are the true classes and guesses the named ones: whole numbers from 0 to classCount - 1.
 * Probabilities are one flat array of n rows with classCount columns, row after row. Scores are
 * fractions from 0 to 1 and equal scikit-learn's; all but the log loss are better when higher.
 */
import { requireNumber, requireWhole } from '../platform/numbers';

/** The number of classes where none is given. */
const digitCount = 10;

/** Where a number of classes can be given. */
export interface ClassCountOption {
  /** How many classes there are, from 2. @default 10 */
  readonly classCount?: number;
}

/** Where classes can be named. */
export interface ClassNamesOption extends ClassCountOption {
  /** One name for each class. @default '0', '1', ... for `classCount` classes */
  readonly classNames?: readonly string[];
}

/** Precision, recall and F1 with the number of labels they rest on. */
export interface Scores {
  /** Share of the guesses of this class that are right. */
  readonly precision: number;
  /** Share of the labels of this class that are found. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
  /** Number of labels. */
  readonly support: number;
}

/** The scores of one class, with its name in words. */
export interface ClassScores extends Scores {
  readonly className: string;
}

/** The scores of all classes, with their averages. */
export interface ClassificationReport {
  /** One entry a class, in order, classes without labels included. */
  readonly classes: readonly ClassScores[];
  readonly accuracy: number;
  /** Mean over the classes, each counting alike. */
  readonly macroAverage: Scores;
  /** Mean over the classes, each counting by its support. */
  readonly weightedAverage: Scores;
}

/** How often one class is taken for another. */
export interface ConfusedPair {
  readonly truth: number;
  readonly guess: number;
  /** Number of labels `truth` that are guessed as `guess`. */
  readonly count: number;
  /** The same as a share of all labels `truth`. */
  readonly share: number;
}

/** One wrong guess and how sure the network was of it. */
export interface ConfidentError {
  /** Its place among the labels, from 0. */
  readonly index: number;
  readonly truth: number;
  readonly guess: number;
  /** Probability of the guess. */
  readonly confidence: number;
  readonly truthProbability: number;
}

/** What wrong guesses have in common. */
export interface ErrorSummary {
  /** Number of wrong guesses. */
  readonly errors: number;
  /** Median probability of the wrong guesses; NaN without any. */
  readonly medianErrorConfidence: number;
  /** Median probability of the right guesses; NaN without any. */
  readonly medianRightConfidence: number;
  /** Number of wrong guesses with a probability above 0.9. */
  readonly confidentErrors: number;
  /** Number of wrong guesses whose true class had the second highest probability. */
  readonly secondChoiceRight: number;
}

/** A range of plausible values. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Gives the share of guesses that are right, 0 to 1.
 *
 * @throws RangeError when lengths differ, nothing came or a class is out of range.
 * @example accuracy([0, 1, 2, 2, 1], [0, 1, 2, 1, 1]) // 0.8
 */
export function accuracy(
  labels: ArrayLike<number>,
  guesses: ArrayLike<number>,
  options: ClassCountOption = {},
): number {
  return shareOnDiagonal(confusionMatrix(labels, guesses, options));
}

/**
 * Gives the mean of -ln(probability of the true class), 0 to 36.04 (cross-entropy, in nats).
 *
 * Probabilities are clipped to [2⁻⁵², 1 - 2⁻⁵²], as scikit-learn's `log_loss` does for float64, so
 * that a sure miss costs 36.04 and not infinity. Rows are not scaled to add up to 1.
 *
 * @param probabilities - One row of `classCount` columns for each label, flat.
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 * @example logLoss([0, 1], [0.5, 0.5, 0.75, 0.25], { classCount: 2 }) // (ln 2 + ln 4) / 2 = 1.0397
 */
export function logLoss(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { classCount = digitCount }: ClassCountOption = {},
): number {
  checkLabelledRows(labels, probabilities, classCount);
  const losses = Array.from(labels, (label, row) => {
    const probability = probabilities[row * classCount + label];
    return -Math.log(Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON));
  });
  return sum(losses) / losses.length;
}

/**
 * Gives the most probable class of each row (argmax), the first one on ties.
 *
 * @param probabilities - n rows of `classCount` columns, flat.
 * @param options.classCount - Columns of a row. @default 10, for rows that each add up to 1
 * @returns n guesses, as the other functions take them; bytes for up to 256 classes.
 * @throws RangeError when nothing came, the last row is incomplete or a value is out of range, or
 *   when no `classCount` is given and a row of ten does not add up to 1.
 * @example mostProbableClasses([0.2, 0.8, 0.5, 0.5], { classCount: 2 }) // [1, 0]
 */
export function mostProbableClasses(
  probabilities: ArrayLike<number>,
  { classCount = columnsOfDigits(probabilities) }: ClassCountOption = {},
): Uint8Array | Int32Array {
  checkProbabilities(probabilities, classCount);
  const guesses = new (classCount <= 256 ? Uint8Array : Int32Array)(
    probabilities.length / classCount,
  );
  for (let row = 0; row < guesses.length; row++) {
    const start = row * classCount;
    for (let guess = 1; guess < classCount; guess++) {
      if (probabilities[start + guess] > probabilities[start + guesses[row]]) guesses[row] = guess;
    }
  }
  return guesses;
}

/**
 * Counts how often each true class is guessed as each class.
 *
 * @returns `classCount` rows (truth) of `classCount` columns (guess), adding up to n.
 * @throws RangeError when lengths differ, nothing came or a class is out of range.
 * @example confusionMatrix([0, 1, 1], [0, 1, 0], { classCount: 2 }) // [[1, 0], [1, 1]]
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  guesses: ArrayLike<number>,
  { classCount = digitCount }: ClassCountOption = {},
): number[][] {
  requireWhole('classCount', classCount, 2, mostClasses);
  checkClasses('labels', labels, classCount);
  checkLength('guesses', guesses, labels, 1);
  checkClasses('guesses', guesses, classCount);
  const matrix = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  for (let row = 0; row < labels.length; row++) matrix[labels[row]][guesses[row]]++;
  return matrix;
}

/**
 * Turns each row of a confusion matrix into shares that add up to 1.
 *
 * A row without labels stays zero, as with scikit-learn's `normalize='true'`.
 *
 * @param matrix - Counts, row truth, column guess; it stays as it is.
 * @example normalizeRows([[3, 1], [0, 0]]) // [[0.75, 0.25], [0, 0]]
 */
export function normalizeRows(matrix: readonly (readonly number[])[]): number[][] {
  requireCounts(matrix);
  return matrix.map((row) => row.map((count) => ratio(count, sum(row))));
}

/**
 * Gives precision, recall, F1 and support of each class, with accuracy and averages.
 *
 * A share with nothing to divide by (a class without labels or without guesses) is 0, and the macro
 * average counts it: scikit-learn's `classification_report` with all classes as `labels` and
 * `zero_division=0`.
 *
 * @param options.classNames - One name for each class. @default '0', '1', ... for `classCount` classes
 * @throws RangeError when lengths differ, nothing came or a class has no name.
 * @example
 * classificationReport([0, 1, 2, 2, 1], [0, 1, 2, 1, 1], { classNames: ['a', 'b', 'c'] }).classes[1]
 * // { className: 'b', precision: 2/3, recall: 1, f1: 0.8, support: 2 }
 */
export function classificationReport(
  labels: ArrayLike<number>,
  guesses: ArrayLike<number>,
  { classCount = digitCount, classNames = numberNames(classCount) }: ClassNamesOption = {},
): ClassificationReport {
  Object.entries({ labels, guesses }).forEach(([name, values]) => {
    requireList(name, values);
    const unnamed = Array.from(values).findIndex((value) => value >= classNames.length);
    if (unnamed >= 0) {
      throw new RangeError(
        `classNames has ${classNames.length} names, but ${name}[${unnamed}] is ` +
          `${values[unnamed]}; expected a name for each class`,
      );
    }
  });
  const matrix = confusionMatrix(labels, guesses, { classCount: classNames.length });
  const classes = classNames.map((className, index) => {
    const right = matrix[index][index];
    const support = sum(matrix[index]);
    const guessed = sum(matrix.map((row) => row[index]));
    return {
      className,
      precision: ratio(right, guessed),
      recall: ratio(right, support),
      f1: ratio(2 * right, support + guessed),
      support,
    };
  });
  const average = (weights: readonly number[]): Scores => {
    const mean = (score: 'precision' | 'recall' | 'f1') =>
      sum(classes.map((scores, index) => scores[score] * weights[index])) / sum(weights);
    const support = labels.length;
    return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1'), support };
  };
  return {
    classes,
    accuracy: shareOnDiagonal(matrix),
    macroAverage: average(classes.map(() => 1)),
    weightedAverage: average(classes.map((scores) => scores.support)),
  };
}

/**
 * Gives the share of each class's labels that are found, 0 to 1 (the class's recall).
 *
 * A class without labels gets NaN, not the report's 0, which a chart would show as the worst class
 * where nothing was measured. Mind that JSON writes NaN as null.
 *
 * @param matrix - Counts, row truth, column guess.
 * @example perClassAccuracy([[3, 1], [0, 0]]) // [0.75, NaN]
 */
export function perClassAccuracy(matrix: readonly (readonly number[])[]): number[] {
  requireCounts(matrix);
  return matrix.map((row, truth) => row[truth] / sum(row));
}

/**
 * Lists which class is taken for which, the most frequent pair first.
 *
 * Pairs that never occur are left out; equal counts are in order of truth, then guess.
 *
 * @param matrix - Counts, row truth, column guess.
 * @param options.count - Length of the list at most. @default all
 * @throws RangeError when `count` is not a whole number from 0.
 * @example mostConfusedPairs([[3, 1], [0, 4]]) // [{ truth: 0, guess: 1, count: 1, share: 0.25 }]
 */
export function mostConfusedPairs(
  matrix: readonly (readonly number[])[],
  { count }: { readonly count?: number } = {},
): ConfusedPair[] {
  if (count !== undefined) requireWhole('count', count, 0);
  requireCounts(matrix);
  return matrix
    .flatMap((row, truth) =>
      row.map((times, guess) => ({ truth, guess, count: times, share: ratio(times, sum(row)) })),
    )
    .filter((pair) => pair.truth !== pair.guess && pair.count > 0)
    .sort((one, other) => other.count - one.count)
    .slice(0, count);
}

/**
 * Lists the wrong guesses, the most confident first; equal confidences are in order of index.
 *
 * @param probabilities - One row of `classCount` columns (10 by default) for each label, flat.
 * @param options.count - Length of the list at most. @default all
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 * @example mostConfidentErrors([0, 1], [0.1, 0.9, 0.4, 0.6], { classCount: 2 })
 * // [{ index: 0, truth: 0, guess: 1, confidence: 0.9, truthProbability: 0.1 }]
 */
export function mostConfidentErrors(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { count, classCount = digitCount }: ClassCountOption & { readonly count?: number } = {},
): ConfidentError[] {
  checkLabelledRows(labels, probabilities, classCount);
  if (count !== undefined) requireWhole('count', count, 0);
  return Array.from(mostProbableClasses(probabilities, { classCount }), (guess, index) => ({
    index,
    truth: labels[index],
    guess,
    confidence: probabilities[index * classCount + guess],
    truthProbability: probabilities[index * classCount + labels[index]],
  }))
    .filter((row) => row.guess !== row.truth)
    .sort((one, other) => other.confidence - one.confidence)
    .slice(0, count);
}

/**
 * Sums up the wrong guesses: how confident they are, and how near the truth was.
 *
 * Medians of an even number of values are the mean of the middle two, as numpy's.
 *
 * @param probabilities - One row of `classCount` columns (10 by default) for each label, flat.
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 * @example errorSummary([0, 1], [0.05, 0.95, 0.4, 0.6], { classCount: 2 })
 * // { errors: 1, medianErrorConfidence: 0.95, medianRightConfidence: 0.6, confidentErrors: 1,
 * //   secondChoiceRight: 1 }
 */
export function errorSummary(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { classCount = digitCount }: ClassCountOption = {},
): ErrorSummary {
  const errors = mostConfidentErrors(labels, probabilities, { classCount });
  const guesses = mostProbableClasses(probabilities, { classCount });
  const right = Array.from(guesses, (guess, index) => ({ guess, index }))
    .filter(({ guess, index }) => guess === labels[index])
    .map(({ guess, index }) => probabilities[index * classCount + guess]);
  const isSecond = ({ index, guess, truth, truthProbability }: ConfidentError) =>
    Array.from({ length: classCount }, (_, other) => other).every(
      (other) =>
        [guess, truth].includes(other) ||
        probabilities[index * classCount + other] < truthProbability,
    );
  return {
    errors: errors.length,
    medianErrorConfidence: median(errors.map(({ confidence }) => confidence)),
    medianRightConfidence: median(right),
    confidentErrors: errors.filter(({ confidence }) => confidence > 0.9).length,
    secondChoiceRight: errors.filter(isSecond).length,
  };
}

/**
 * Gives the interval in which the true rate lies, from how often something succeeded.
 *
 * Unlike the normal approximation it stays inside 0 to 1, and is right 95 % of the time near 1
 * too, where digit readers are (Wilson, "Probable inference, the law of succession, and statistical inference", 1927).
 *
 * @param options.z - Half-width in standard deviations of the normal distribution. @default 1.96, for
 *   95 %
 * @throws RangeError when `total` is not a whole number from 1, or `successes` from 0 to `total`.
 * @example wilsonInterval(5, 10) // { low: 0.2366, high: 0.7634 }
 */
export function wilsonInterval(
  successes: number,
  total: number,
  { z = 1.959963984540054 }: { readonly z?: number } = {},
): Interval {
  requireWhole('total', total, 1);
  requireWhole('successes', successes, 0, total);
  requireNumber('z', z, 'a number from 0', z >= 0);
  const failures = total - successes;
  const center = (successes + (z * z) / 2) / (total + z * z);
  const reach = (z / (total + z * z)) * Math.sqrt((successes * failures) / total + (z * z) / 4);
  // At its two ends the formula gives 0 and 1 exactly, which rounding would miss.
  return {
    low: successes === 0 ? 0 : center - reach,
    high: failures === 0 ? 1 : center + reach,
  };
}

/** A confusion matrix of more classes would not fit into memory. */
const mostClasses = 10_000;

/** Refuses what is no array, such as a tensor or nothing, with a TypeError. */
export function requireList(name: string, list: unknown): void {
  if (Array.isArray(list) || ArrayBuffer.isView(list)) return;
  throw new TypeError(`${name} is ${String(list)}; expected an array or typed array of numbers`);
}

const otherCount = 'For another number of classes give classCount';

/** Gives '0', '1', ... as names of so many classes. */
export function numberNames(classCount: number): readonly string[] {
  return Array.from({ length: classCount }, (_, label) => `${label}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function shareOnDiagonal(matrix: readonly (readonly number[])[]): number {
  return sum(matrix.map((row, index) => row[index])) / sum(matrix.map(sum));
}

function checkClasses(name: string, classes: ArrayLike<number>, classCount: number): void {
  requireWhole('classCount', classCount, 2);
  requireList(name, classes);
  if (classes.length === 0) throw new RangeError(`${name} is empty; expected at least one class`);
  for (let row = 0; row < classes.length; row++) {
    const value = classes[row];
    if (Number.isInteger(value) && value >= 0 && value < classCount) continue;
    throw new RangeError(
      `${name}[${row}] is ${value}; expected a whole number from 0 to ${classCount - 1}` +
        (Number.isInteger(value) && value > 0 ? `. ${otherCount}` : ''),
    );
  }
}

function checkLength(
  name: string,
  values: ArrayLike<number>,
  labels: ArrayLike<number>,
  perLabel: number,
): void {
  requireList(name, values);
  const expected = labels.length * perLabel;
  if (values.length !== expected) {
    throw new RangeError(
      `${name} has length ${values.length}; expected ${expected}, ` +
        `${perLabel} for each of ${labels.length} labels` +
        (perLabel > 1 && values.length % labels.length === 0 ? `. ${otherCount}` : ''),
    );
  }
}

/**
 * Refuses what is no confusion matrix: as many columns as rows, whole numbers from 0.
 *
 * @param name - What it is called, for error messages.
 * @throws RangeError that names the row or the count.
 */
export function requireCounts(matrix: readonly (readonly number[])[], name = 'matrix'): void {
  requireList(name, matrix);
  matrix.forEach((row, truth) => {
    if (row.length !== matrix.length) {
      throw new RangeError(
        `${name}[${truth}] has ${row.length} columns; expected ${matrix.length}, as many as rows`,
      );
    }
    row.forEach((count, guess) => requireWhole(`${name}[${truth}][${guess}]`, count, 0));
  });
}

/** Refuses labels out of range and rows of probabilities that do not fit them, with a RangeError. */
export function checkLabelledRows(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classCount: number,
): void {
  checkClasses('labels', labels, classCount);
  checkLength('probabilities', probabilities, labels, classCount);
  checkProbabilities(probabilities, classCount);
}

/**
 * Gives ten, the default number of columns, and refuses rows of another number with a
 * RangeError: without labels only their sums show it, and the guesses would be wrong in silence.
 */
export function columnsOfDigits(probabilities: ArrayLike<number>): number {
  checkProbabilities(probabilities, digitCount);
  for (let start = 0; start < probabilities.length; start += digitCount) {
    const row = Array.prototype.slice.call(probabilities, start, start + digitCount) as number[];
    if (Math.abs(sum(row) - 1) > 0.01) {
      throw new RangeError(
        `probabilities of row ${start / digitCount} add up to ${sum(row)}; expected 1 with ` +
          `${digitCount} classes. ${otherCount}`,
      );
    }
  }
  return digitCount;
}

/** Refuses rows that are incomplete or hold anything but probabilities, with a RangeError. */
export function checkProbabilities(probabilities: ArrayLike<number>, classCount: number): void {
  requireWhole('classCount', classCount, 2);
  requireList('probabilities', probabilities);
  if (probabilities.length === 0 || probabilities.length % classCount !== 0) {
    throw new RangeError(
      `probabilities has length ${probabilities.length}; expected a positive multiple of ` +
        `${classCount}, one for each class. ${otherCount}`,
    );
  }
  // Averages of 32-bit probabilities may be rounded to a little more than 1.
  const most = 1 + 1e-6;
  for (let at = 0; at < probabilities.length; at++) {
    if (!(probabilities[at] >= 0 && probabilities[at] <= most)) {
      const place = `row ${Math.floor(at / classCount)}, class ${at % classCount}`;
      throw new RangeError(
        `probabilities[${at}] (${place}) is ${probabilities[at]}; expected a number from 0 to 1`,
      );
    }
  }
}
