import type { EpochResult, TrainingHistory } from '../../lib/training/train';

/** A made-up training in which every figure rises, at a rate of 1e-3 where none is given. */
export function history(
  epochCount: number,
  learningRates: readonly number[] = [],
): TrainingHistory {
  const epochs = Array.from({ length: epochCount }, (_, index) => ({
    ...epochOf(index + 1),
    learningRate: learningRates[index] ?? 1e-3,
  }));
  return { epochs, seconds: 2 * epochCount, interrupted: false };
}

/** An epoch of it. */
export function epochOf(epoch: number): EpochResult {
  return {
    epoch,
    loss: 0.1 * epoch,
    accuracy: Math.min(0.999, 0.9 + 0.01 * epoch),
    validationLoss: 1 + 0.1 * epoch,
    validationAccuracy: Math.min(0.998, 0.8 + 0.01 * epoch),
    learningRate: 1e-3,
    seconds: 2,
  };
}
