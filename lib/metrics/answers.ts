import { requireNumber, requireParts } from '../platform/numbers';
import type { Evaluation } from './evaluation';

/** What is left when a reader is silent below a confidence. */
export interface Answers {
  /** The least confidence of an answer. */
  readonly threshold: number;
  /** Share of the images that get an answer, 0 to 1. */
  readonly share: number;
  /** Share of the answers that are right, 0 to 1; NaN without any. */
  readonly accuracy: number;
  /** Number of wrong answers. */
  readonly errors: number;
}

/**
 * Says for each threshold how many images get an answer, and how many answers are right, when guesses
 * that are less sure are held back (selective classification, El-Yaniv and Wiener, 2010).
 *
 * @param evaluation - How the images were read.
 * @param thresholds - Least confidences, from 0 to 1.
 * @throws TypeError when it is no evaluation, or the thresholds are no array.
 * @throws RangeError when a threshold is not in its range, or the evaluation is empty or does not fit.
 * @example answersAbove(await evaluate(model, digits.validation), [0, 0.9]).map(({ share }) => share)
 */
export function answersAbove(evaluation: Evaluation, thresholds: readonly number[]): Answers[] {
  const parts = ['labels', 'guesses', 'probabilities'];
  requireParts('evaluation', evaluation, parts, 'what evaluate gives');
  const { labels, guesses, probabilities } = evaluation;
  const classCount = probabilities.length / labels.length;
  if (!Number.isInteger(classCount) || classCount === 0 || guesses.length !== labels.length) {
    throw new RangeError(
      `evaluation has ${labels.length} labels, ${guesses.length} guesses and ${probabilities.length} ` +
        'probabilities; expected what evaluate gives',
    );
  }
  if (!Array.isArray(thresholds)) {
    throw new TypeError('thresholds is no array; expected confidences, such as [0, 0.9]');
  }
  return thresholds.map((threshold, at) => {
    const isShare = threshold >= 0 && threshold <= 1;
    requireNumber(`thresholds[${at}]`, threshold, 'a confidence from 0 to 1', isShare);
    let [answers, errors] = [0, 0];
    guesses.forEach((guess, row) => {
      if (!(probabilities[row * classCount + guess] >= threshold)) return;
      answers++;
      if (guess !== labels[row]) errors++;
    });
    return { threshold, share: answers / labels.length, accuracy: 1 - errors / answers, errors };
  });
}
