import { requireNumber } from '../platform/numbers';
import type { tf } from '../platform/tensorflow';

/**
 * Gives the learning rate that an optimizer takes its next step with.
 *
 * @param optimizer - Any of `tf.train`; Adamax's own decay is not included.
 * @throws Error when an optimizer of another kind does not keep its rate as `learningRate`.
 */
export function learningRateOf(optimizer: tf.Optimizer): number {
  // It is protected in every optimizer of tfjs, with no public way to read it but getConfig, which
  // custom optimizers may leave out.
  const { learningRate } = optimizer as unknown as { readonly learningRate?: unknown };
  if (typeof learningRate !== 'number') {
    throw new Error(
      `the optimizer ${optimizer?.getClassName?.()} has no number learningRate; use one of tf.train`,
    );
  }
  return learningRate;
}

/**
 * Sets the learning rate of an optimizer from its next step on; its moments stay.
 *
 * @param optimizer - Any of `tf.train`.
 * @param value - The rate, from 0.
 * @throws RangeError when the rate is negative or not finite.
 * @throws Error when an optimizer of another kind does not keep its rate as `learningRate`.
 */
export function setLearningRate(optimizer: tf.Optimizer, value: number): void {
  requireNumber('learning rate', value, 'a number from 0', value >= 0);
  learningRateOf(optimizer);
  // SGD and momentum step by a tensor that they make of the rate, the others by the number itself.
  // Of tfjs's optimizers instanceof tells nothing: each passes for an instance of every class.
  const settable = optimizer as unknown as Partial<tf.SGDOptimizer> & { learningRate: number };
  if (settable.setLearningRate) {
    settable.setLearningRate(value);
  } else {
    settable.learningRate = value;
  }
}
