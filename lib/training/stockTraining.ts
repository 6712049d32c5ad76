import { trainedWeights, type LossAndAccuracy } from '../engine';
import type { DigitSet } from '../data/digits';
import { accuracyPlace, labelForm } from './compilation';
import { imageTensor } from './predict';
import { tf } from '../platform/tensorflow';

/** The training of any compiled classifier by tfjs's own `trainOnBatch`, made repeatable. */
export class StockTraining {
  private readonly accuracyPlace: number;
  private readonly dropoutLayers: readonly SeededLayer[];
  private readonly ownSeeds: readonly (number | undefined)[];

  /** @param model - One that `requireTrainable` lets pass. */
  constructor(private readonly model: tf.LayersModel) {
    this.accuracyPlace = accuracyPlace(model);
    this.dropoutLayers = dropoutLayersIn(model);
    this.ownSeeds = this.dropoutLayers.map(({ seed }) => seed);
  }

  /**
   * Trains on one batch.
   *
   * @param drawSeed - Source of the dropout masks, as of `GraphTraining.step`.
   */
  async step(batch: DigitSet, drawSeed: () => number): Promise<LossAndAccuracy> {
    this.seedDropout(drawSeed);
    const [images, labels] = this.tensors(batch);
    const scores = (await this.model.trainOnBatch(images, labels)) as number[];
    tf.dispose([images, labels]);
    return { loss: scores[0], accuracy: scores[this.accuracyPlace] };
  }

  /**
   * Gives the gradients that a step on a batch would follow, penalties included, by the weight; the
   * model stays as it is.
   *
   * @param drawSeed - As of `step`.
   */
  gradients(batch: DigitSet, drawSeed: () => number): Map<tf.LayerVariable, Float32Array> {
    this.seedDropout(drawSeed);
    const weights = trainedWeights(this.model);
    const gradients = new Map<tf.LayerVariable, Float32Array>();
    tf.tidy(() => {
      const [images, labels] = this.tensors(batch);
      const others = this.model.nonTrainableWeights as unknown as tf.LayerVariable[];
      const before = others.map((weight) => weight.read().clone());
      const compiled = this.model as unknown as CompiledModel;
      const inner = compiled.model ?? compiled;
      const loss = () => {
        const outputs = this.model.apply(images, { training: true }) as tf.Tensor;
        const mean = inner.lossFunctions[0](labels, outputs).mean();
        return [mean, ...inner.calculateLosses()].reduce((sum, part) => sum.add(part));
      };
      const variables = weights.map((weight) => weight.read() as tf.Variable);
      const { grads } = tf.variableGrads(loss as () => tf.Scalar, variables);
      // A forward pass in training moves the averages of batch normalization.
      others.forEach((weight, index) => weight.write(before[index]));
      weights.forEach((weight, index) => {
        gradients.set(weight, grads[variables[index].name].dataSync() as Float32Array);
      });
    });
    return gradients;
  }

  /** Scores digits without training on them. */
  async score(digits: DigitSet): Promise<LossAndAccuracy> {
    return tf.tidy(() => {
      const [images, labels] = this.tensors(digits);
      const scores = this.model.evaluate(images, labels, { batchSize: 1000 }) as tf.Scalar[];
      const [loss, accuracy] = [0, this.accuracyPlace].map((place) => scores[place].dataSync()[0]);
      return { loss, accuracy };
    });
  }

  /** Nothing to do: the steps change the model itself. */
  async save(): Promise<void> {}

  /** Leaves the model as it was made, its weights apart. */
  dispose(): void {
    this.dropoutLayers.forEach((layer, index) => {
      layer.seed = this.ownSeeds[index];
    });
  }

  /**
   * With one seed for all steps tfjs would draw the same dropout mask at every step, and with none it
   * would draw masks that no run can repeat.
   */
  private seedDropout(drawSeed: () => number): void {
    for (const layer of this.dropoutLayers) {
      layer.seed = drawSeed();
    }
  }

  private tensors({ images, labels }: DigitSet): tf.Tensor[] {
    return [imageTensor(this.model, images), this.labelTensor(labels)];
  }

  private labelTensor(labels: DigitSet['labels']): tf.Tensor {
    const form = labelForm(this.model);
    if (form === 'whole numbers') return tf.tensor1d(Float32Array.from(labels));
    if (form === 'rows of one') return tf.tensor2d(Float32Array.from(labels), [labels.length, 1]);
    const classCount = this.model.outputs[0].shape[1] as number;
    return tf.tidy(() => {
      const indices = tf.tensor1d(Int32Array.from(labels), 'int32');
      return tf.oneHot(indices, classCount).toFloat();
    });
  }
}

/** What tfjs keeps of a compiled model and has no public type for. */
interface CompiledModel {
  /** Of a chain of layers, the model that has the rest. */
  readonly model?: CompiledModel;
  readonly lossFunctions: readonly ((labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor)[];
  readonly calculateLosses: () => tf.Scalar[];
}

interface SeededLayer {
  seed?: number;
}

/** Finds dropout in a model, in the models that are its layers, and in layers that wrap another. */
function dropoutLayersIn(model: tf.LayersModel): SeededLayer[] {
  return model.layers.flatMap((layer): SeededLayer[] => {
    const inside = layer as { layers?: tf.layers.Layer[]; layer?: tf.layers.Layer };
    const layers = inside.layers ?? (inside.layer && [inside.layer]);
    if (layers !== undefined) return dropoutLayersIn({ layers } as tf.LayersModel);
    return /Dropout/.test(layer.getClassName()) && 'rate' in layer ? [layer as SeededLayer] : [];
  });
}
