import type { DigitSet } from '../../lib/data/digits';
import { seededRandom } from '../../lib/platform/random';
import type { tf } from '../../lib/platform/tensorflow';

/** Sizes of a small convolutional network for the striped images. */
export const tiny = { imageSize: 8, filters: [2], denseUnits: 4, classCount: 3 };

/** Sizes of a small baseline for them. */
export const tinyBaseline = { imageSize: 8, hiddenUnits: 8, classCount: 3 };

/** Images of 8x8 noisy pixels with a bright row at the height that the label says. */
export function stripes(count: number, seed: number): DigitSet {
  const random = seededRandom(seed, 'stripes');
  const labels = Uint8Array.from({ length: count }, () => Math.floor(3 * random()));
  const images = Float32Array.from({ length: count * 64 }, (_, pixel) => {
    const row = Math.floor((pixel % 64) / 8);
    const bright = row === 1 + 2 * labels[Math.floor(pixel / 64)];
    return (bright ? 0.5 : 0) + random() / 2;
  });
  return { images, labels, count };
}

/** All weights of a network. */
export function weightsOf(model: tf.LayersModel): number[][] {
  return model.getWeights().map((weight) => Array.from(weight.dataSync()));
}
