import { inkContrast } from './background';
import { evenOut, findInk, inkAround, leastInk } from './ink';
import { withoutLines } from './lines';
import { center, digitSize, fitStrokes } from './normalize';
import { blank } from './pictureError';
import { withoutMarks, withoutSpecks } from './pieces';
import { crop, halve, longSide, union, type Plane } from './plane';
import { onSheet } from './sheet';
import { toTones } from './tones';

export { PictureError } from './pictureError';

/** Ink shorter than this many pixels is a speck, and more pieces than this are no digit. */
const leastLength = 4;

const mostPieces = 60;

/** A picture is not halved to get rid of noise when its longer side is below this. */
const leastHalved = 128;

/** The colors of a picture: four bytes a pixel (red, green, blue, opacity), row-major. */
export interface Colors {
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Prepares the digit in a picture as MNIST's authors did; `readPicture` says how. It runs
 * wherever JavaScript does: nothing but arrays is used.
 *
 * @param colors - The decoded picture, its longer side best at most 1,500 pixels.
 * @param options.name - What the picture is called, for error messages. @default 'the picture'
 * @returns Pixels of one 28 x 28 image, 0 (paper) to 1 (ink), row-major: 784 numbers.
 * @throws PictureError when nothing in it can be a digit.
 * @throws RangeError when the bytes are not four for each pixel.
 */
export function preparePicture(
  { rgba, width, height }: Colors,
  { name = 'the picture' }: { readonly name?: string } = {},
): Float32Array {
  if (rgba.length !== 4 * width * height || rgba.length === 0) {
    throw new RangeError(
      `${name} has ${rgba.length} bytes; expected 4 for each of ${width} x ${height} pixels`,
    );
  }
  const contrast = inkContrast(onSheet(toTones(rgba, width, height, name)));
  return center(fitStrokes(findDigit(withoutLines(contrast, leastInk(contrast)), name)));
}

/**
 * Finds the ink and crops to it: 0 is paper, 1 full ink.
 *
 * Where there is none, noise may hide it: it is looked for at half the size, where noise is half
 * as strong.
 */
function findDigit(contrast: Plane, name: string): Plane {
  let found = oneDigit(contrast);
  for (let plane = contrast; typeof found === 'string'; found = oneDigit(plane)) {
    if (Math.max(plane.width, plane.height) < leastHalved) throw blank(name, found);
    plane = halve(plane);
  }
  return crop(found);
}

/** Gives the ink in the whole picture, 0 to 1, or says what there is instead. */
function oneDigit(contrast: Plane): Plane | string {
  const all = findInk(contrast);
  if (all.length === 0) return 'one tone all over, or nothing that stands out from noise';
  const digit = withoutSpecks(withoutMarks(all));
  const length = longSide(digit.map(({ box }) => box).reduce(union));
  if (length < leastLength || digit.length > mostPieces) return 'specks and nothing larger';
  const unit = length / digitSize;
  return inkAround(contrast, digit, evenOut(contrast, all, unit), unit);
}
