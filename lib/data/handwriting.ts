import { requireParts } from '../platform/numbers';
import { seededRandom, type Random } from '../platform/random';
import { imageSize, type DigitSet } from './digits';
import { between, coarse, drawn, mapImages, restroked, type Point } from './pixels';

/** Shares of the digits that are changed in a way, each drawn on its own. */
const shares = { strokeWidth: 0.5, coarse: 0.3 };

/** Shares of the digits of a class that are drawn anew, and how. */
const drawings: Readonly<Record<number, { share: number; draw: (random: Random) => Line[] }>> = {
  1: { share: 0.4, draw: one },
  7: { share: 0.2, draw: barredSeven },
};

/** How far a stroke may go from thin to thick, in steps of a pixel to each side. */
const [thinnest, thickest] = [-0.6, 1];

/** The height of a coarse image's pixels, in pixels of the result. */
const [finest, coarsest] = [1.3, 2.5];

/**
 * Changes digits as the hands and cameras of strangers do, where MNIST's are all of one kind:
 * half of them get thicker or thinner strokes, three of ten are as coarse as pictures of 11 to 21
 * pixels, and some are drawn anew: four of ten ones with an upstroke, a foot, or both, and two of ten
 * sevens with a bar through the stem.
 *
 * Slant and size are not changed: an `augmentation` does that, anew in each step.
 *
 * @param digits - Images of 28 x 28, classes 0 to 9.
 * @param options.seed - Which of the many changes; the same seed gives the same set.
 * @returns A new set of as many images, whose pixels are whole 255ths; with the labels of `digits`.
 * @throws TypeError when it is no set of digits, or there is no seed.
 * @throws RangeError when the images have another size, do not fit their labels, or have pixels that
 * are no numbers from 0 to 1.
 * @example const varied = varyHandwriting(digits.train, { seed: 42 });
 */
export function varyHandwriting(digits: DigitSet, options: { readonly seed: number }): DigitSet {
  requireParts('the options', options, ['seed'], 'an object such as { seed: 42 }');
  const { seed } = options;
  const random = seededRandom(seed, 'handwriting');
  return mapImages(digits, (original, label) => {
    const { share = 0, draw = one } = drawings[label] ?? {};
    let image = random() < share ? inPlace(draw(random), between(random, 1.5, 4)) : original;
    if (random() < shares.strokeWidth) image = restroked(image, between(random, thinnest, thickest));
    return random() < shares.coarse ? coarse(image, between(random, finest, coarsest)) : image;
  });
}

/** A straight stroke, in heights of a digit whose stem goes from y = 0 down to 1. */
type Line = readonly [Point, Point];

/** A one as many are taught to write it; the longer its upstroke, the steeper, or it were a seven. */
function one(random: Random): Line[] {
  const slant = Math.tan((between(random, -20, 30) * Math.PI) / 180);
  const top: Point = [slant, 0];
  const lines: Line[] = [[top, [0, 1]]];
  const kind = random();
  if (kind < 0.8) {
    const length = between(random, 0.15, 0.9);
    const angle = (between(random, 15 + 15 * length, 65) * Math.PI) / 180;
    lines.push([top, [slant - length * Math.cos(angle), length * Math.sin(angle)]]);
  }
  if (kind > 0.5) {
    const tilt = between(random, -0.05, 0.05);
    lines.push([
      [-between(random, 0.15, 0.4), 1 + tilt],
      [between(random, 0.15, 0.4), 1 - tilt],
    ]);
  }
  return lines;
}

/** A seven as it is told from a one where ones have upstrokes. */
function barredSeven(random: Random): Line[] {
  const [width, lean] = [between(random, 0.45, 0.85), between(random, 0.1, 0.5)];
  const [high, half] = [between(random, 0.4, 0.6), between(random, 0.12, 0.3)];
  const [tilt, slope] = [between(random, -0.08, 0.08), between(random, -0.1, 0.1)];
  const middle = width - high * lean;
  return [
    [
      [0, tilt],
      [width, 0],
    ],
    [
      [width, 0],
      [width - lean, 1],
    ],
    [
      [middle - half, high + slope],
      [middle + half, high - slope],
    ],
  ];
}

/** Draws strokes of a width in pixels, in the box and at the center that MNIST's digits have. */
function inPlace(lines: readonly Line[], width: number): Float32Array {
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
