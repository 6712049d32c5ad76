import assert from 'node:assert/strict';
import type { NetworkOptions } from '../../lib/networks/layerStack';
import { tf } from '../../lib/platform/tensorflow';
import { predict } from '../../lib/training/predict';
import keras from '../fixtures/networks.json';

/** Sizes of the small networks whose weights and outputs the fixture holds. */
export const tinySizes = { ...keras.tiny, seed: 1 };

/**
 * Adds the tests that a network is Keras's of the same name in the fixture.
 *
 * @param small - Sizes of the small one, where they are not `tinySizes`.
 */
export function itIsLikeKeras<Options extends NetworkOptions>(
  name: keyof typeof keras.full,
  build: (options?: Options) => tf.LayersModel,
  small: Options = tinySizes as unknown as Options,
): void {
  it(`${name} has the layers, shapes and parameters of the same network in Keras`, () => {
    const model = build();
    const expected = keras.full[name];
    assert.deepEqual(
      model.layers.map((layer) => ({
        className: layer.getClassName(),
        outputShape: layer.outputShape,
        parameters: layer.countParams(),
      })),
      expected.layers,
    );
    assert.equal(model.countParams(), expected.parameters);
    assert.equal(weightCount(model.nonTrainableWeights), expected.nonTrainableParameters);
    model.dispose();
  });

  it(`${name} with Keras's weights gives Keras's probabilities`, async () => {
    const model = build(small);
    const expected = keras.tiny[name];
    model.layers.forEach((layer, index) => {
      const weights = expected.layers[index].weights;
      const tensors = weights.map(({ values, shape }) => tf.tensor(values, shape));
      layer.setWeights(tensors);
      tf.dispose(tensors);
    });
    const probabilities = await predict(model, patterns(3));
    expected.outputs.flat().forEach((probability, index) => {
      const difference = Math.abs(probabilities[index] - probability);
      assert.ok(
        difference < 2e-6,
        `output ${index}: ${probabilities[index]}, Keras ${probability}`,
      );
    });
    model.dispose();
  });

  it(`${name} with one seed starts from the same weights, with another from others`, () => {
    const kernels = [1, 1, 2].map((seed) => {
      const model = build({ ...small, seed });
      const values = model.getWeights().map((weight) => Array.from(weight.dataSync()));
      model.dispose();
      return values;
    });
    assert.deepEqual(kernels[0], kernels[1]);
    assert.notDeepEqual(kernels[0], kernels[2]);
  });
}

/** The images that the fixture's outputs belong to (its `imagePixel`). */
export function patterns(count: number): Float32Array {
  return Float32Array.from({ length: count * 784 }, (_, index) => {
    const image = Math.floor(index / 784);
    const row = Math.floor((index % 784) / 28);
    const column = index % 28;
    return ((row * row * 3 + row * column * (image + 1) + column * 5 + image * 31) % 17) / 16;
  });
}

function weightCount(weights: tf.LayerVariable[]): number {
  return weights.reduce((count, { shape }) => count + tf.util.sizeFromShape(shape as number[]), 0);
}
