/*
 * What do the arrays of a caller mean to a network? Everything that a network learns from or reads
 * passes here once, and is then known to be what the native code takes for granted.
 */
import type { DigitSet } from '../data/digits';
import type { tf } from '../platform/tensorflow';

/**
 * Pixels of one or more images: one flat array, or arrays in arrays (images, rows, columns, channels).
 *
 * Numbers are from 0 (paper) to 1 (ink), in plain or typed arrays; the bytes of a `Uint8Array`,
 * `Uint8ClampedArray` or `Buffer` are from 0 to 255 and are divided by 255.
 */
export type Pixels = ArrayLike<number> | readonly Pixels[];

/** A class for each image, as a whole number from 0, or as a row with 1 at the class and 0 elsewhere. */
export type Labels = ArrayLike<number> | readonly ArrayLike<number>[];

/** Images with their labels, in whatever arrays they come. */
export interface LabelledImages {
  readonly images: Pixels;
  readonly labels: Labels;
  /** How many images. @default as many as there are */
  readonly count?: number;
}

/** Rounding, as in an average of 32-bit numbers, may lead so far out of the range. */
const slack = 1e-6;

/**
 * Gives pixels as a network takes them.
 *
 * @param model - The network that will take them, of any fixed image size and number of channels.
 * @param images - The pixels of n images.
 * @param name - What they are called, for error messages.
 * @returns n images one after the other, row-major; `images` itself where it is that already.
 * @throws RangeError when there are none, when they are no whole number of the model's images, or
 *   when one is not a number from 0 to 1 (or a byte); it says which.
 */
export function pixelsFor(model: tf.LayersModel, images: Pixels, name = 'images'): Float32Array {
  const sizes = sizesOf(images, name);
  const shape = imageShape(model);
  if (sizes.length > 1) requireNesting(model, sizes, shape, name);
  const { values, isBytes } = flatten(images, sizes, name);
  imageCount(model, values, name);
  if (isBytes) return fromBytes(values, name);
  const pixels = values instanceof Float32Array ? values : toFloats(values, name);
  const wrong = firstOutside(pixels);
  if (wrong >= 0) {
    const size = product(shape);
    const place = `image ${Math.floor(wrong / size)}, pixel ${wrong % size}`;
    throw new RangeError(
      `${name}[${wrong}] (${place}) is ${pixels[wrong]}; expected a number from 0 to 1. ` +
        remedyFor(pixels[wrong]),
    );
  }
  return pixels;
}

/**
 * Gives labelled images as a network learns from them.
 *
 * @param model - The network, whose outputs are the classes; a single output has two.
 * @param given - Images and labels in any arrays.
 * @param name - What they are called, for error messages.
 * @returns Arrays of one type each, those of `given` where they are that already; labels of up to 256
 *   classes are bytes.
 * @throws RangeError when there are none, when images, labels or `count` do not fit each other or the
 *   model, or when a pixel or a label is not in its range; it says which.
 */
export function digitsFor(model: tf.LayersModel, given: LabelledImages, name: string): DigitSet {
  if (given?.images?.length === 0) {
    throw new RangeError(`${name} has no images; expected one or more, each with its label`);
  }
  const images = pixelsFor(model, given?.images, `${name} images`);
  const count = imageCount(model, images);
  const labels = classesOf(model, given.labels, count, name);
  if (labels.length !== count) {
    throw new RangeError(
      `${name} has ${count} images and ${labels.length} labels; expected one label an image`,
    );
  }
  if (given.count !== undefined && given.count !== count) {
    throw new RangeError(
      `${name} count is ${given.count}, but there are ${count} images with labels; expected ` +
        'their number, or none',
    );
  }
  return { images, labels, count };
}

/** Gives the sizes of a network's images: height, width and channels for most. */
export function imageShape(model: tf.LayersModel): number[] {
  const shape = model.inputs[0].shape.slice(1);
  if (shape.includes(null)) {
    throw new RangeError(
      `model ${model.name} takes images of ${shape.map((size) => size ?? 'any').join(' x ')}; ` +
        'expected fixed sizes. Build it with an inputShape of whole numbers',
    );
  }
  return shape as number[];
}

/**
 * Counts the images in a row of pixels.
 *
 * @param model - The network whose images they are.
 * @param images - The pixels of one or more images, one after the other.
 * @param name - What they are called, for error messages.
 * @throws RangeError when the pixels are none, or not a whole number of the model's images.
 */
export function imageCount(
  model: tf.LayersModel,
  images: ArrayLike<number>,
  name = 'images',
): number {
  const shape = imageShape(model);
  const size = product(shape);
  if (images.length === 0 || images.length % size !== 0) {
    throw new RangeError(
      `${name} has ${images.length} pixels; expected a positive multiple of ${size}, since ` +
        `model ${model.name} takes images of ${shape.join(' x ')}: resize them, or build the ` +
        'model with their size',
    );
  }
  return images.length / size;
}

/** Sizes of arrays in arrays, outermost first, as their first elements have them. */
function sizesOf(images: Pixels, name: string): number[] {
  const sizes: number[] = [];
  for (let level: unknown = images; isList(level); level = level[0]) sizes.push(level.length);
  if (sizes.length === 0) {
    throw new RangeError(
      `${name} is ${described(images)}; expected pixels in an array or typed array. Of a tensor, ` +
        'give await tensor.data()',
    );
  }
  return sizes;
}

function requireNesting(
  model: tf.LayersModel,
  sizes: readonly number[],
  shape: readonly number[],
  name: string,
): void {
  const forms = [shape, [product(shape)]];
  // A gray image may come without its one channel.
  if (shape.length > 1 && shape.at(-1) === 1) forms.push(shape.slice(0, -1));
  const fits = forms.some((form) => String(sizes.slice(-form.length)) === String(form));
  if (!fits) {
    const expected = forms.map((form) => form.join(' x ')).join(' or ');
    throw new RangeError(
      `${name} is arrays of ${sizes.join(' x ')} numbers; expected images of ${expected}, as ` +
        `model ${model.name} takes them`,
    );
  }
}

/** Lays arrays in arrays one after the other. */
function flatten(images: Pixels, sizes: readonly number[], name: string) {
  if (sizes.length === 1) {
    const values = images as ArrayLike<number>;
    return { values, isBytes: isByteArray(values) };
  }
  const flat = new Array<number>(product(sizes));
  let end = 0;
  let isBytes: boolean | undefined;
  const add = (list: unknown, depth: number, place: string) => {
    if (!isList(list) || list.length !== sizes[depth]) {
      const found = isList(list) ? `has ${list.length} numbers` : `is ${described(list)}`;
      throw new RangeError(`${place} ${found}; expected ${sizes[depth]}, as the first one has`);
    }
    if (depth + 1 < sizes.length) {
      for (let at = 0; at < list.length; at++) add(list[at], depth + 1, `${place}[${at}]`);
      return;
    }
    isBytes ??= isByteArray(list);
    if (isBytes !== isByteArray(list)) {
      throw new RangeError(`${place} is of another type than the arrays before; expected one type`);
    }
    for (let at = 0; at < list.length; at++) flat[end++] = list[at] as number;
  };
  add(images, 0, name);
  return { values: flat, isBytes: isBytes === true };
}

function fromBytes(bytes: ArrayLike<number>, name: string): Float32Array {
  const pixels = new Float32Array(bytes.length);
  let most = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    pixels[at] = byte / 255;
    most = Math.max(most, byte);
  }
  if (most === 1) {
    throw new RangeError(
      `${name} is bytes, none of them above 1; expected bytes from 0 (paper) to 255 (ink). For ` +
        'pixels of 0 and 1, give Float32Array.from(images)',
    );
  }
  return pixels;
}

function toFloats(values: ArrayLike<number>, name: string): Float32Array {
  const floats = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) {
    // Anything else would become a number without a word: null, as for a missing value, a 0.
    if (typeof values[at] !== 'number') {
      throw new RangeError(`${name}[${at}] is ${described(values[at])}; expected a number`);
    }
    floats[at] = values[at];
  }
  return floats;
}

/** Place of the first pixel that is not a number from 0 to 1; -1 where all are. */
function firstOutside(pixels: Float32Array): number {
  let at = 0;
  // Four at a time take half the time, and MNIST has 47 million.
  for (; at + 4 <= pixels.length; at += 4) {
    const a = pixels[at];
    const b = pixels[at + 1];
    const c = pixels[at + 2];
    const d = pixels[at + 3];
    const inRange = a >= 0 && a <= 1 && b >= 0 && b <= 1 && c >= 0 && c <= 1 && d >= 0 && d <= 1;
    if (!inRange) break;
  }
  for (; at < pixels.length; at++) {
    if (!(pixels[at] >= -slack && pixels[at] <= 1 + slack)) return at;
  }
  return -1;
}

function remedyFor(pixel: number): string {
  if (!Number.isFinite(pixel)) {
    return 'Look where the images are made for a division by 0 or a missing value';
  }
  return pixel > 1
    ? 'Divide pixels of 0 to 255 by 255, or give them as a Uint8Array'
    : 'Bring the pixels to this range; a network for another one can begin with tf.layers.rescaling';
}

/** Labels as whole numbers, whatever form they have. */
function classesOf(
  model: tf.LayersModel,
  labels: Labels,
  count: number,
  name: string,
): Uint8Array | Int32Array {
  if (!isList(labels)) {
    throw new RangeError(
      `${name} labels is ${described(labels)}; expected one class an image, in an array`,
    );
  }
  const outputs = model.outputs[0].shape.at(-1) as number;
  const classes = Math.max(2, outputs);
  const rows = rowsOf(labels, count, classes);
  const numbers = rows
    ? Array.from(rows, (row, at) => classOfRow(row, at, classes, name))
    : (labels as ArrayLike<number>);
  for (let at = 0; at < numbers.length; at++) {
    const label = numbers[at];
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(
        `${name} labels[${at}] is ${described(label)}; expected a whole number from 0 to ` +
          `${classes - 1}, since model ${model.name} has ${outputs} outputs`,
      );
    }
  }
  if (numbers instanceof Uint8Array || numbers instanceof Int32Array) return numbers;
  return classes <= 256 ? Uint8Array.from(numbers) : Int32Array.from(numbers);
}

/** The rows of labels that are one-hot, nested or one after the other; nothing, where they are not. */
function rowsOf(
  labels: ArrayLike<unknown>,
  count: number,
  classes: number,
): ArrayLike<unknown> | undefined {
  if (isList(labels[0])) return labels;
  if (labels.length !== count * classes) return undefined;
  const row = (at: number) => Array.prototype.slice.call(labels, at * classes, (at + 1) * classes);
  return Array.from({ length: count }, (_, at) => row(at));
}

/** The class in a row of labels, which is one-hot or the class alone. */
function classOfRow(row: unknown, at: number, classes: number, name: string): number {
  const values = isList(row) ? Array.from(row) : [];
  if (values.length === 1) return values[0] as number;
  const label = values.indexOf(1);
  const isOneHot = values.every((value, index) => value === (index === label ? 1 : 0));
  if (values.length !== classes || label < 0 || !isOneHot) {
    throw new RangeError(
      `${name} labels[${at}] is ${described(row)}; expected a class, or a row of ${classes} numbers ` +
        'with 1 at the class and 0 elsewhere',
    );
  }
  return label;
}

function isByteArray(list: ArrayLike<unknown>): boolean {
  return list instanceof Uint8Array || list instanceof Uint8ClampedArray;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function described(value: unknown): string {
  if (isList(value)) {
    const some = Array.from(value).slice(0, 12).map(described).join(', ');
    return `[${some}${value.length > 12 ? ', ...' : ''}]`;
  }
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'object' && value !== null
    ? `an object (${value.constructor?.name})`
    : String(value);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
