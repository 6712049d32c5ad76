import {
  classificationReport,
  confusionMatrix,
  logLoss,
  mostProbableClasses,
  wilsonInterval,
  type ClassificationReport,
  type ClassNamesOption,
  type Interval,
} from './metrics';
import { requireParts, requireWhole } from '../platform/numbers';

/** How well images were read: everything that a report says of a network and a set of images. */
export interface Evaluation {
  /** Share of the images read rightly, 0 to 1. */
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval: Interval;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** How many images were misread. */
  readonly errors: number;
  /** The true class of each image. */
  readonly labels: ArrayLike<number>;
  /** n rows of one probability a class, row-major. */
  readonly probabilities: ArrayLike<number>;
  /** The most probable class of each image. */
  readonly guesses: Uint8Array | Int32Array;
  /** Rows are the truth, columns the guess, in images. */
  readonly confusionMatrix: readonly (readonly number[])[];
  readonly report: ClassificationReport;
}

/** What was read in one image of a set. */
export interface Reading {
  /** Place of the image in its set, from 0. */
  readonly index: number;
  readonly truth: number;
  readonly guess: number;
  /** Probability of the guess, 0 to 1. */
  readonly confidence: number;
}

/**
 * Compares probabilities with the true classes, whatever they come from: a network, an ensemble, or
 * another program.
 *
 * @param labels - The true class of each of n images, whole numbers from 0.
 * @param probabilities - n rows of one probability a class, row-major.
 * @param options.classNames - One name for each class. @default '0', '1', ... for `classCount` classes
 * @param options.classCount - How many classes there are. @default as many as names, or 10
 * @throws RangeError when lengths do not fit, nothing came or a value is out of range.
 */
export function evaluateProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { classNames, classCount = classNames?.length ?? 10 }: ClassNamesOption = {},
): Evaluation {
  const loss = logLoss(labels, probabilities, { classCount });
  const guesses = mostProbableClasses(probabilities, { classCount });
  const report = classificationReport(labels, guesses, { classCount, classNames });
  const errors = guesses.filter((guess, index) => guess !== labels[index]).length;
  return {
    accuracy: report.accuracy,
    interval: wilsonInterval(labels.length - errors, labels.length),
    loss,
    errors,
    labels,
    probabilities,
    guesses,
    confusionMatrix: confusionMatrix(labels, guesses, { classCount }),
    report,
  };
}

/**
 * Gives what was read in some images, as a gallery shows it.
 *
 * @param indices - Places of the images in the evaluated set, whole numbers from 0.
 * @throws RangeError when the set has no such image.
 */
export function readingsOf(evaluation: Evaluation, indices: readonly number[]): Reading[] {
  requireParts(
    'evaluation',
    evaluation,
    ['labels', 'guesses', 'probabilities'],
    'what evaluate gives',
  );
  const { labels, guesses, probabilities } = evaluation;
  const classCount = probabilities.length / labels.length;
  return indices.map((index) => {
    requireWhole('index', index, 0, labels.length - 1);
    const guess = guesses[index];
    const confidence = probabilities[index * classCount + guess];
    return { index, truth: labels[index], guess, confidence };
  });
}
