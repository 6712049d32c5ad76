import type { LossAndAccuracy } from '../engine';
import type { tf } from '../platform/tensorflow';
import { guessingLoss } from './compilation';

/** The loss was not a number, or far above that of guessing. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
}

/** The batches of an epoch may do this much worse than guessing before the training is lost. */
const timesGuessing = 4;
/** So many batches may, since normalization has seen nothing yet. */
const patientBatches = 10;

/** Means over an epoch's batches, each weighted by its images, as Keras averages them. */
export class EpochMeans {
  private lossSum = 0;
  private correct = 0;
  private images = 0;
  private batches = 0;

  /** @param model - The network in training, for what its loss means. */
  constructor(private readonly model: tf.LayersModel) {}

  /**
   * Adds a batch.
   *
   * @param place - Which one it is, for the error message.
   * @throws DivergenceError when its loss is not finite, or the mean stays far above guessing.
   */
  add({ loss, accuracy }: LossAndAccuracy, images: number, place: string): void {
    this.lossSum += loss * images;
    this.correct += accuracy * images;
    this.images += images;
    this.batches += 1;
    const guessing = guessingLoss(this.model);
    const limit = timesGuessing * (guessing ?? Infinity);
    const exploded = this.batches >= patientBatches && this.means.loss > limit;
    if (Number.isFinite(loss) && !exploded) return;
    throw new DivergenceError(
      `training of ${this.model.name} diverged at ${place}: the loss is ${loss}, its mean in this ` +
        `epoch ${this.means.loss}${guessing ? `; guessing would give ${guessing.toFixed(2)}` : ''}. ` +
        'The weights are back at the last finished epoch. Build the model with a lower ' +
        'learningRate, and check that the images are between 0 and 1',
    );
  }

  /** The means so far; 0 before the first batch. */
  get means(): LossAndAccuracy {
    const images = Math.max(this.images, 1);
    return { loss: this.lossSum / images, accuracy: this.correct / images };
  }
}
