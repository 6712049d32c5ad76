import { seededRandom, type Random } from '../platform/random';
import { imageSize, type DigitSet } from './digits';
import { between, coarse, drawn, mapImages, restroked, type Point } from './pixels';

/** Shares of the digits that are changed in a way, each drawn on its own. */
const shares = { drawnOnes: 0.4, strokeWidth: 0.5, coarse: 0.3 };

/** How far a stroke may go from thin to thick, in steps of a pixel to each side. */
const [thinnest, thickest] = [-0.6, 1];

/** The height of a coarse image's pixels, in pixels of the result. */
const [finest, coarsest] = [1.3, 2.5];

/**
 * Changes digits as the hands and cameras of strangers do, where MNIST's are all of one kind:
 * half of them get thicker or thinner strokes, three of ten are as coarse as pictures of 11 to 21
 * pixels, and four of ten ones are drawn anew, with an upstroke, a foot, or both.
 *
 * Slant and size are not changed: an `augmentation` does that, anew in each step.
 *
 * @param digits - Images of 28 x 28, classes 0 to 9.
 * @param options.seed - Which of the many changes; the same seed gives the same set.
 * @returns A new set of as many images, whose pixels are whole 255ths; with the labels of `digits`.
 * @throws RangeError when the images have another size, or do not fit their labels.
 * @example const varied = varyHandwriting(digits.train, { seed: 42 });
 */
export function varyHandwriting(digits: DigitSet, { seed }: { readonly seed: number }): DigitSet {
  const random = seededRandom(seed, 'handwriting');
  return mapImages(digits, (original, label) => {
    const isDrawn = label === 1 && random() < shares.drawnOnes;
    let image = isDrawn ? drawnOne(random) : original;
    if (random() < shares.strokeWidth) image = restroked(image, between(random, thinnest, thickest));
    return random() < shares.coarse ? coarse(image, between(random, finest, coarsest)) : image;
  });
}

/** Draws a one as many are taught to write it, in the box and at the center that MNIST has. */
function drawnOne(random: Random): Float32Array {
  const slant = Math.tan((between(random, -20, 30) * Math.PI) / 180);
  const width = between(random, 1.5, 4);
  const top: Point = [slant, 0];
  const lines: (readonly [Point, Point])[] = [[top, [0, 1]]];
  const kind = random();
  if (kind < 0.8) {
    const [length, angle] = [between(random, 0.15, 0.6), (between(random, 20, 65) * Math.PI) / 180];
    lines.push([top, [slant - length * Math.cos(angle), length * Math.sin(angle)]]);
  }
  if (kind > 0.5) {
    const tilt = between(random, -0.05, 0.05);
    lines.push([
      [-between(random, 0.15, 0.4), 1 + tilt],
      [between(random, 0.15, 0.4), 1 - tilt],
    ]);
  }
  const points = lines.flat();
  const [left, right, upper, lower] = [0, 1].flatMap((axis) => {
    const places = points.map((point) => point[axis]);
    return [Math.min(...places), Math.max(...places)];
  });
  const scale = (20 - width) / Math.max(right - left, lower - upper);
  const placed = (dx: number, dy: number) =>
    drawn(
      lines.map((line) => line.map(([x, y]) => [scale * x + dx, scale * y + dy] as const)),
      width,
    );
  const middle = imageSize / 2;
  const [dx, dy] = [middle - (scale * (left + right)) / 2, middle - (scale * (upper + lower)) / 2];
  const [x, y] = centerOfMass(placed(dx, dy));
  return placed(dx + middle - x, dy + middle - y);
}

function centerOfMass(image: Float32Array): Point {
  let [mass, x, y] = [0, 0, 0];
  image.forEach((ink, pixel) => {
    mass += ink;
    x += ink * ((pixel % imageSize) + 0.5);
    y += ink * (Math.floor(pixel / imageSize) + 0.5);
  });
  return [x / mass, y / mass];
}
