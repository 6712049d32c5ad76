import { requireParts, requireWhole } from '../platform/numbers';
import { seededRandom, shuffledIndices, type Random } from '../platform/random';

/** Digits with their labels. */
export interface DigitSet {
  /** Pixels of `count` images from 0 (paper) to 1 (ink), row-major; MNIST's have 784 each. */
  readonly images: Float32Array;
  /** The true class of each image, a whole number from 0; MNIST's are up to 9. */
  readonly labels: Uint8Array | Int32Array;
  /** How many digits. */
  readonly count: number;
}

/** Digits as their source has them, pixels from 0 to 255; `indices` says which are meant. */
export interface RawDigits {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
  readonly indices: Uint32Array;
}

/** Height and width of an image in pixels. */
export const imageSize = 28;
/** Pixels of an image. */
export const imagePixels = imageSize * imageSize;
/** How many classes of digits there are. */
export const classCount = 10;

/**
 * Picks digits by their indices.
 *
 * @param digits - The digits to pick from, images of any one size.
 * @param indices - Which ones, whole numbers from 0 to `count - 1`, in any order; may be empty.
 * @returns A new set with copies of these digits, in the order of `indices`.
 * @throws RangeError when an index is out of range, or images, labels and count do not fit.
 */
export function selectDigits(digits: DigitSet, indices: ArrayLike<number>): DigitSet {
  requireParts('digits', digits, [], 'a set, such as digits.train');
  const pixels = pixelsOfEach(digits);
  const images = new Float32Array(indices.length * pixels);
  const labels = new (digits.labels instanceof Uint8Array ? Uint8Array : Int32Array)(
    indices.length,
  );
  for (let to = 0; to < indices.length; to++) {
    const from = indices[to];
    requireWhole(`indices[${to}]`, from, 0, digits.count - 1);
    images.set(digits.images.subarray(from * pixels, (from + 1) * pixels), to * pixels);
    labels[to] = digits.labels[from];
  }
  return { images, labels, count: labels.length };
}

/**
 * Puts sets of digits one after the other.
 *
 * @param sets - Sets of images of any one size; may be none.
 * @returns A new set with copies of all digits, in the order of the sets.
 * @throws TypeError when it is no array of sets.
 * @throws RangeError when the sizes differ, or images, labels and count do not fit.
 */
export function joinDigits(sets: readonly DigitSet[]): DigitSet {
  if (!Array.isArray(sets)) throw new TypeError('sets is no array; expected one of sets of digits');
  sets.forEach((set, at) => requireDigits(`sets[${at}]`, set));
  const sizes = new Set(sets.map(pixelsOfEach).filter((size) => size > 0));
  if (sizes.size > 1) {
    throw new RangeError(`the sets have images of ${[...sizes].join(' and ')} pixels; expected one size`);
  }
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const images = new Float32Array(sets.reduce((sum, set) => sum + set.images.length, 0));
  const areBytes = sets.every(({ labels }) => labels instanceof Uint8Array);
  const labels = new (areBytes ? Uint8Array : Int32Array)(count);
  let [pixel, index] = [0, 0];
  for (const set of sets) {
    images.set(set.images, pixel);
    labels.set(set.labels, index);
    pixel += set.images.length;
    index += set.count;
  }
  return { images, labels, count };
}

/**
 * Draws a few digits of each class at random, such as the examples of a transfer.
 *
 * @param digits - The digits to draw from, images of any one size.
 * @param options.perClass - How many of each class, fewer where there are fewer.
 * @param options.seed - Which ones. @default 42
 * @returns A new set, in the order of the classes.
 * @throws TypeError when it is no set of digits, or there are no options.
 * @throws RangeError when `perClass` is no whole number from 1, or images, labels and count do not fit.
 */
export function drawDigits(
  digits: DigitSet,
  options: { readonly perClass: number; readonly seed?: number },
): DigitSet {
  requireParts('the options', options, ['perClass'], 'an object such as { perClass: 5 }');
  const { perClass, seed = 42 } = options;
  requireWhole('perClass', perClass, 1);
  requireDigits('digits', digits);
  const order = [...shuffledIndices(digits.count, seededRandom(seed, 'examples'))];
  const classes = [...new Set(digits.labels)].sort((one, other) => one - other);
  const drawn = classes.flatMap((label) =>
    order.filter((index) => digits.labels[index] === label).slice(0, perClass),
  );
  return selectDigits(digits, drawn);
}

/**
 * Refuses what is no set of digits as this library has them.
 *
 * @param name - What the set is called, for the error message.
 * @throws TypeError when images, labels or their count are missing, or of another type.
 * @throws RangeError when images, labels and count do not fit.
 */
export function requireDigits(name: string, digits: DigitSet): void {
  const expected = 'a set, such as digits.train';
  requireParts(name, digits, ['images', 'labels', 'count'], expected);
  const { images, labels } = digits;
  // By their names, since a notebook's arrays may be of another context than the library's.
  const [ofImages, ofLabels] = [images, labels].map((it) => Object.prototype.toString.call(it));
  if (ofImages !== '[object Float32Array]') {
    throw new TypeError(
      `${name}.images is no Float32Array; expected pixels from 0 to 1, one image after the other`,
    );
  }
  if (!['[object Uint8Array]', '[object Int32Array]'].includes(ofLabels)) {
    throw new TypeError(
      `${name}.labels is neither a Uint8Array nor an Int32Array; expected the class of each image`,
    );
  }
  pixelsOfEach(digits);
}

/**
 * Gives the number of pixels of each image, 0 where there are none.
 *
 * @throws RangeError when images, labels and count do not fit.
 */
export function pixelsOfEach({ images, labels, count }: DigitSet): number {
  requireWhole('count', count, 0);
  const pixels = count === 0 ? 0 : images.length / count;
  if (labels.length !== count || !Number.isInteger(pixels)) {
    throw new RangeError(
      `count is ${count}, but there are ${labels.length} labels and ${images.length} pixels; ` +
        'expected as many labels, and as many pixels for each image',
    );
  }
  return pixels;
}

/** Takes all digits of a source: `count * 784` pixels from 0 to 255, and `count` labels. */
export function allDigits(pixels: Uint8Array, labels: Uint8Array): RawDigits {
  return { pixels, labels, indices: Uint32Array.from(labels, (_, index) => index) };
}

/**
 * Parts digits at random into `count` of them and the rest, both with the classes in proportion.
 *
 * @param count - How many to pick, a whole number from 0 to `indices.length`.
 * @param random - The source to draw from.
 * @returns Both parts in random order; of each class the first has its share to within one.
 */
export function stratifiedSplit(
  digits: RawDigits,
  count: number,
  random: Random,
): [picked: RawDigits, rest: RawDigits] {
  const { labels, indices } = digits;
  const order = shuffledIndices(indices.length, random).map((position) => indices[position]);
  // Equal steps through the digits in order of class take each class's share to within one.
  const byClass = order.slice().sort((a, b) => labels[a] - labels[b]);
  const picked = new Set<number>();
  for (let pick = 0; pick < count; pick++) {
    picked.add(byClass[Math.floor(((pick + 0.5) * byClass.length) / count)]);
  }
  return [
    { ...digits, indices: order.filter((index) => picked.has(index)) },
    { ...digits, indices: order.filter((index) => !picked.has(index)) },
  ];
}

/** Makes a set of the digits that are meant, their pixels scaled to 0 to 1. */
export function toDigitSet({ pixels, labels, indices }: RawDigits): DigitSet {
  const images = new Float32Array(indices.length * imagePixels);
  indices.forEach((from, to) => {
    for (let pixel = 0; pixel < imagePixels; pixel++) {
      images[to * imagePixels + pixel] = pixels[from * imagePixels + pixel] / 255;
    }
  });
  return { images, labels: Uint8Array.from(indices, (i) => labels[i]), count: indices.length };
}
