import { evaluateProbabilities, type Evaluation } from '../metrics/evaluation';
import { numberNames } from '../metrics/metrics';
import type { tf } from '../platform/tensorflow';
import { digitsFor, type LabelledImages } from './arrays';
import { requireUsable } from './compilation';
import { predict, type PredictionOptions } from './predict';

/**
 * Lets a network read images, and compares with their labels.
 *
 * @param model - A network from images to class probabilities; a single output is the probability of
 *   the second of two classes.
 * @param images - Images with labels, in any arrays that `train` takes.
 * @param options.classNames - One name for each class. @default '0', '1', ...
 * @param options.precision - As for {@link predict}. @default float32
 * @throws RangeError when there are none, or images, pixels, labels or names do not fit.
 * @throws Error when the model is disposed, or has several inputs or outputs.
 */
export async function evaluate(
  model: tf.LayersModel,
  images: LabelledImages,
  { classNames, ...options }: { readonly classNames?: readonly string[] } & PredictionOptions = {},
): Promise<Evaluation> {
  requireUsable(model);
  const digits = digitsFor(model, images, 'evaluation');
  const outputs = await predict(model, digits.images, options);
  const classCount = Math.max(2, outputs.length / digits.count);
  if (classNames !== undefined && classNames.length !== classCount) {
    throw new RangeError(
      `classNames has ${classNames.length} names; expected ${classCount}, one for each class`,
    );
  }
  const probabilities =
    outputs.length === digits.count
      ? Float32Array.from({ length: 2 * digits.count }, (_, at) =>
          at % 2 === 0 ? 1 - outputs[at >> 1] : outputs[at >> 1],
        )
      : outputs;
  const names = { classNames: classNames ?? numberNames(classCount) };
  return evaluateProbabilities(digits.labels, probabilities, names);
}
