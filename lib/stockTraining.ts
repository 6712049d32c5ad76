import type { LossAndAccuracy } from './fused';
import type { DigitSet } from './digits';
import { imageTensor } from './models';
import { drawSeed, type Random } from './random';
import { tf } from './tensorflow';

/** The training of any compiled classifier by tfjs's own `trainOnBatch`, made repeatable. */
export class StockTraining {
  /** @param model - Compiled with a loss on whole-number labels and the metric `accuracy`. */
  constructor(private readonly model: tf.LayersModel) {}

  /**
   * Trains on one batch.
   *
   * @param random - Source of the dropout masks.
   */
  async step(batch: DigitSet, random: Random): Promise<LossAndAccuracy> {
    // With one seed for all steps tfjs would draw the same dropout mask at every step, and with
    // none it would draw masks that no run can repeat.
    for (const layer of this.dropoutLayers()) {
      layer.seed = drawSeed(random);
    }
    const [images, labels] = this.tensors(batch);
    const [loss, accuracy] = (await this.model.trainOnBatch(images, labels)) as number[];
    tf.dispose([images, labels]);
    return { loss, accuracy };
  }

  /** Scores digits without training on them. */
  async score(digits: DigitSet): Promise<LossAndAccuracy> {
    return tf.tidy(() => {
      const [images, labels] = this.tensors(digits);
      const scores = this.model.evaluate(images, labels, { batchSize: 1000 }) as tf.Scalar[];
      const [loss, accuracy] = scores.map((score) => score.dataSync()[0]);
      return { loss, accuracy };
    });
  }

  /** Nothing to do: the steps change the model itself. */
  async save(): Promise<void> {}

  /** Leaves the model as it was made, its weights apart. */
  dispose(): void {
    for (const layer of this.dropoutLayers()) {
      layer.seed = undefined;
    }
  }

  private tensors({ images, labels }: DigitSet): tf.Tensor[] {
    return [imageTensor(this.model, images), tf.tensor1d(Float32Array.from(labels))];
  }

  private dropoutLayers(): { seed?: number }[] {
    const layers = this.model.layers.filter((layer) => layer.getClassName() === 'Dropout');
    return layers as unknown as { seed?: number }[];
  }
}
