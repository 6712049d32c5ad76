/*
 * What can be done to the pixels of one image of 28 x 28, from 0 (paper) to 1 (ink)?
 */
import type { Random } from '../platform/random';
import { imagePixels, imageSize, pixelsOfEach, requireDigits, type DigitSet } from './digits';

/** A place in an image, in pixels from its upper left corner. */
export type Point = readonly [x: number, y: number];

/**
 * Changes each image of a set.
 *
 * @param change - Gets the pixels and the label, and leaves the pixels as they are.
 * @returns A new set, whose pixels are rounded to whole 255ths, as files have them.
 * @throws TypeError when it is no set of digits.
 * @throws RangeError when the images are not of 28 x 28, a pixel is out of range, or images and labels
 * do not fit.
 */
export function mapImages(
  digits: DigitSet,
  change: (image: Float32Array, label: number) => Float32Array,
): DigitSet {
  requireDigits('digits', digits);
  const { images, labels, count } = digits;
  const pixels = pixelsOfEach(digits);
  if (pixels !== imagePixels && count > 0) {
    throw new RangeError(`digits has images of ${pixels} pixels; expected 28 x 28`);
  }
  const wrong = images.findIndex((ink) => !(ink >= 0 && ink <= 1));
  if (wrong >= 0) {
    throw new RangeError(`digits.images[${wrong}] is ${images[wrong]}; expected a number from 0 to 1`);
  }
  const changed = new Float32Array(images.length);
  for (let index = 0; index < count; index++) {
    const start = index * imagePixels;
    const image = change(images.subarray(start, start + imagePixels), labels[index]);
    for (let pixel = 0; pixel < imagePixels; pixel++) {
      const ink = Math.min(1, Math.max(0, image[pixel]));
      changed[start + pixel] = Math.round(255 * ink) / 255;
    }
  }
  return { images: changed, labels: labels.slice(), count };
}

/** Draws straight lines with round ends and soft edges, `width` pixels wide. */
export function drawn(lines: readonly (readonly Point[])[], width: number): Float32Array {
  return imageOf((x, y) => {
    const distances = lines.map(([[x0, y0], [x1, y1]]) => {
      const [across, down] = [x1 - x0, y1 - y0];
      const along = ((x - x0) * across + (y - y0) * down) / (across ** 2 + down ** 2);
      const at = Math.min(1, Math.max(0, along));
      return Math.hypot(x - x0 - at * across, y - y0 - at * down);
    });
    return Math.min(1, Math.max(0, width / 2 + 0.5 - Math.min(...distances)));
  });
}

/** Thickens strokes by up to a pixel to each side (`step` 1), or thins them (below 0). */
export function restroked(image: Float32Array, step: number): Float32Array {
  const choose = step > 0 ? Math.max : Math.min;
  const changed = image.map((ink, pixel) => {
    const column = pixel % imageSize;
    const beside = [
      column > 0 ? image[pixel - 1] : 0,
      column < imageSize - 1 ? image[pixel + 1] : 0,
      image[pixel - imageSize] ?? 0,
      image[pixel + imageSize] ?? 0,
    ];
    return ink + Math.abs(step) * (choose(ink, ...beside) - ink);
  });
  // A hairline that is thinned would fade, which ink on paper does not.
  const most = changed.reduce((one, other) => Math.max(one, other), 0);
  return most > 0 ? changed.map((ink) => ink / most) : changed;
}

/** Makes the image as coarse as if its pixels were `size` times as large, and scales it up again. */
export function coarse(image: Float32Array, size: number): Float32Array {
  const side = Math.ceil(imageSize / size);
  const [sums, counts] = [new Float32Array(side * side), new Float32Array(side * side)];
  image.forEach((ink, pixel) => {
    const [x, y] = [pixel % imageSize, Math.floor(pixel / imageSize)];
    const cell = Math.floor((y + 0.5) / size) * side + Math.floor((x + 0.5) / size);
    sums[cell] += ink;
    counts[cell]++;
  });
  // The last cells may have no pixel's middle in them.
  const small = sums.map((total, cell) => total / Math.max(1, counts[cell]));
  return imageOf((x, y) => inkAt(small, x / size, y / size, side));
}

/** Scales by `size`, turns by `angle` (radians), slants by `slant` and shifts an image. */
export function warped(
  image: Float32Array,
  { size = 1, angle = 0, slant = 0, shift = [0, 0] as Point },
): Float32Array {
  const [cos, sin, middle] = [Math.cos(angle) / size, Math.sin(angle) / size, imageSize / 2];
  return imageOf((x, y) => {
    const [right, down] = [x - middle - shift[0], y - middle - shift[1]];
    const [across, along] = [cos * right + sin * down, cos * down - sin * right];
    return inkAt(image, middle + across + slant * along, middle + along);
  });
}

/** The mean of an image along a line of `length` pixels through each place. */
export function smeared(image: Float32Array, length: number, angle: number): Float32Array {
  const steps = Math.ceil(length) + 1;
  return imageOf((x, y) => {
    let total = 0;
    for (let step = 0; step < steps; step++) {
      const at = length * ((step + 0.5) / steps - 0.5);
      total += inkAt(image, x + at * Math.cos(angle), y + at * Math.sin(angle));
    }
    return total / steps;
  });
}

/** An image by the ink at the middle of each pixel. */
export function imageOf(ink: (x: number, y: number, pixel: number) => number): Float32Array {
  return Float32Array.from({ length: imagePixels }, (_, pixel) =>
    ink((pixel % imageSize) + 0.5, Math.floor(pixel / imageSize) + 0.5, pixel),
  );
}

/** The ink at a place between pixels (bilinear), with paper around the image. */
function inkAt(image: ArrayLike<number>, x: number, y: number, side = imageSize): number {
  const [column, row] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [right, lower] = [x - 0.5 - column, y - 0.5 - row];
  const at = (across: number, down: number) =>
    across < 0 || down < 0 || across >= side || down >= side ? 0 : image[down * side + across];
  return (
    (1 - lower) * ((1 - right) * at(column, row) + right * at(column + 1, row)) +
    lower * ((1 - right) * at(column, row + 1) + right * at(column + 1, row + 1))
  );
}

/** Draws a number between two bounds. */
export function between(random: Random, least: number, most: number): number {
  return least + random() * (most - least);
}
