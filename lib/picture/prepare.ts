import { inkContrast } from './background';
import { evenOut, findInk, inkAround, leastInk, withoutBoxes, type EvenInk } from './ink';
import { withoutLines } from './lines';
import { center, digitSize, fitStrokes } from './normalize';
import { blank, PictureError, problem } from './pictureError';
import { withoutMarks, withoutSpecks, withoutTexture, type Piece } from './pieces';
import { crop, halve, longSide, median, union, type Box, type Plane } from './plane';
import { heightOf, inReadingOrder, mostDigits, type Group } from './rows';
import { onSheet } from './sheet';
import { onlyStrokes } from './strokes';
import { toTones } from './tones';
import { inTwo, likelyTouch, waysInTwo } from './touching';

export { PictureError } from './pictureError';

/** Ink shorter than this many pixels is a speck, and more pieces than this are no digit. */
const leastLength = 4;

const mostPieces = 60;

/** What is lower than this share of the picture's longer side, or than this many pixels, is grain. */
const [leastHeight, leastPixels] = [0.012, 8];

/** Longer side at which ink is looked for, in pixels; from that aspect on a picture is a strip. */
const [usualLength, stripAspect] = [1500, 2];

/** What is lower than this many pixels may be a part of a broken digit. */
const leastApart = 10;

/** More pieces than this are noise or a texture, and no digits. */
const mostPiecesOfAll = 2000;

/** A picture is not halved to get rid of noise when its longer side is below this. */
const leastHalved = 128;

/** The colors of a picture: four bytes a pixel (red, green, blue, opacity), row-major. */
export interface Colors {
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A digit that was found in a picture. */
export interface PictureDigit {
  /** Where it is, in pixels of the picture; right and bottom are the first beyond it. */
  readonly box: Box;
  /** Pixels of one 28 x 28 image, 0 (paper) to 1 (ink), row-major: 784 numbers. */
  readonly image: Float32Array;
  /** What it is wide enough to be instead: two digits, for each of up to four ways to cut it. */
  readonly pairs: readonly (readonly PictureDigit[])[];
}

interface Naming {
  /** What the picture is called, for error messages. @default 'the picture' */
  readonly name?: string;
}

interface DigitsOptions extends Naming {
  /** Whether what is darker is ink, as on a board that is known. @default found out */
  readonly isInkDark?: boolean;
}

/** The ink of a picture, on its place. */
interface Ink {
  readonly contrast: Plane;
  readonly pieces: readonly Piece[];
  /** The corner of the sheet in the picture, and pixels of the picture to one of `contrast`. */
  readonly left: number;
  readonly top: number;
  readonly scale: number;
}

/**
 * Gives the longer side to which a picture is best scaled down before it is prepared, in pixels: 1,500,
 * and of a strip, as with a long number, so many more that it keeps as many pixels in all.
 *
 * @param width - In pixels, as `height`, of the whole picture; 1 and above.
 */
export function workingLength(width: number, height: number): number {
  const aspect = Math.max(width / height, height / width);
  return Math.round(usualLength * Math.max(1, Math.sqrt(aspect / stripAspect)));
}

/**
 * Prepares the digit in a picture as MNIST's authors did; `readPicture` says how. It runs
 * wherever JavaScript does: nothing but arrays is used.
 *
 * @param colors - The decoded picture, its longer side best at most {@link workingLength}.
 * @param options.name - What the picture is called, for error messages. @default 'the picture'
 * @returns Pixels of one 28 x 28 image, 0 (paper) to 1 (ink), row-major: 784 numbers.
 * @throws PictureError when nothing in it can be a digit, or several digits are in it.
 * @throws RangeError when the bytes are not four for each pixel.
 */
export function preparePicture(
  colors: Colors,
  { name = 'the picture' }: Naming = {},
): Float32Array {
  const { contrast, pieces } = inkOf(colors, name);
  // Grain alone, which takes long to compare.
  const isGrainy = pieces.length > mostPiecesOfAll;
  const large = isGrainy ? pieces.filter(({ box }) => longSide(box) >= leastLength) : pieces;
  if (large.length > mostPiecesOfAll) throw blank(name, 'specks and nothing larger');
  const marked = withoutMarks(large, contrast.width);
  let digit = withoutSpecks(marked);
  if (digit.length > mostPieces) {
    digit = withoutSpecks(withoutMarks(withoutTexture(large), contrast.width));
  }
  const isNone = digit.length === 0 || digit.length > mostPieces;
  const apart = standingApart(inReadingOrder(isNone ? marked : digit, contrast.width));
  if (apart > 1 && apart <= mostDigits) {
    const remedy = 'Use readDigits, predictNumber or `npm run predict -- --several` for more.';
    throw problem(name, `${apart} digits`, 'one', remedy);
  }
  if (isNone) throw blank(name, 'specks and nothing larger');
  const unit = longSide(digit.map(({ box }) => box).reduce(union)) / digitSize;
  const even = evenOut(contrast, pieces, unit);
  return imageOf(
    even,
    digit.flatMap(({ pixels }) => pixels),
  );
}

/**
 * Prepares each digit in a picture of several, such as a number, a date or a column of answers.
 *
 * Broken strokes are joined, what is too wide for one digit is cut in two; commas, points, dashes,
 * slashes, specks, ruled lines, boxes and the edges of the paper are left out.
 *
 * @param colors - The decoded picture, its longer side best at most {@link workingLength}.
 * @param options.name - What the picture is called, for error messages. @default 'the picture'
 * @param options.isInkDark - Whether what is darker is ink. @default found out
 * @returns The digits in reading order, row after row; none where there is nothing but paper.
 * @throws PictureError when there are more than 200, or more ink than digits have.
 * @throws RangeError when the bytes are not four for each pixel.
 */
export function prepareDigits(
  colors: Colors,
  { name = 'the picture', isInkDark }: DigitsOptions = {},
): PictureDigit[] {
  let ink: Ink;
  try {
    ink = inkOf(colors, name, isInkDark);
  } catch (error) {
    if (error instanceof PictureError) return [];
    throw error;
  }
  const { contrast, left, top, scale } = ink;
  const { width } = contrast;
  const tooMany = (found: string) =>
    problem(name, found, `at most ${mostDigits} digits`, 'Cut out the part with the number.');
  if (ink.pieces.length > mostPiecesOfAll) throw tooMany(`${ink.pieces.length} pieces of ink`);
  const side = Math.min(usualLength, Math.max(width, contrast.height));
  const least = Math.max(leastPixels, leastHeight * side);
  const whole = inReadingOrder(withoutMarks(ink.pieces, width), width).filter(
    ({ box }) => heightOf(box) >= least,
  );
  if (whole.length > mostDigits) throw tooMany(`${whole.length} digits or letters`);
  if (whole.length === 0) return [];
  const height = median(whole.map(({ box }) => heightOf(box)));
  const unit = height / digitSize;
  const even = evenOut(contrast, ink.pieces, unit);
  const digits = whole.flatMap((group) => parted(group, width, height));
  const owners = new Int32Array(contrast.values.length);
  digits.forEach(({ pixels }, at) => pixels.forEach((pixel) => (owners[pixel] = at + 1)));
  const prepared = (group: Group, isOther: (pixel: number) => boolean): PictureDigit => ({
    box: {
      left: left + scale * group.box.left,
      top: top + scale * group.box.top,
      right: left + scale * group.box.right,
      bottom: top + scale * group.box.bottom,
    },
    image: imageOf(even, group.pixels, isOther),
    pairs: [],
  });
  return digits.map((group, at) => {
    const isOther = (pixel: number) => owners[pixel] > 0 && owners[pixel] !== at + 1;
    const pairs = waysInTwo(group, width).map((halves) =>
      halves.map((half, index) => {
        const beyond = new Set(halves[1 - index].pixels);
        return prepared(half, (pixel) => isOther(pixel) || beyond.has(pixel));
      }),
    );
    return { ...prepared(group, isOther), pairs };
  });
}

/**
 * Chooses the two digits that one may be: the pair whose less sure digit is the surest.
 *
 * @param whole - Confidence of the one, 0 to 1.
 * @param pairs - Confidences of the two, for each way to cut it; none where it cannot be cut.
 * @returns The index of the pair; -1 where none is surer in both than the one.
 */
export function bestPair(whole: number, pairs: readonly (readonly number[])[]): number {
  const least = pairs.map((pair) => Math.min(...pair));
  const best = least.indexOf(Math.max(...least));
  return least[best] > whole ? best : -1;
}

/** Cuts what is too wide for one digit, again and again. */
function parted(group: Group, width: number, height: number): Group[] {
  const across = group.box.right - group.box.left;
  if (across < likelyTouch * Math.max(height, 0.8 * heightOf(group.box))) return [group];
  const halves = inTwo(group, width);
  return halves === undefined ? [group] : halves.flatMap((half) => parted(half, width, height));
}

/** How many digits there are with a gap between them. */
function standingApart(groups: readonly Group[]): number {
  if (groups.length === 0) return 0;
  const high = Math.max(...groups.map(({ box }) => heightOf(box)));
  const whole = heightOf(groups.map(({ box }) => box).reduce(union));
  const similar = groups.filter(({ box }) => heightOf(box) >= Math.max(leastApart, 0.6 * high));
  // A digit may be broken in two or three, but hardly in more pieces of one height.
  const isBroken = similar.length <= 3;
  const isUpright = ({ left, right, top, bottom }: Box) => bottom - top >= right - left;
  const large = similar.filter(({ box }) => {
    // One above the other, whole digits are upright, and the halves of one are not.
    return !isBroken || heightOf(box) >= (isUpright(box) ? 0.35 : 0.45) * whole;
  });
  return large.filter(({ box }, at) =>
    large.every((other, index) => {
      const across = Math.max(other.box.left - box.right, box.left - other.box.right);
      const down = Math.max(other.box.top - box.bottom, box.top - other.box.bottom);
      const isBeside = -down > 0.5 * Math.min(heightOf(box), heightOf(other.box));
      return index === at || (isBeside && across > 0.1 * high) || down > 0.3 * high;
    }),
  ).length;
}

/**
 * Finds the ink of a picture.
 *
 * Where there is none, noise may hide it: it is looked for at half the size, where noise is half
 * as strong.
 */
function inkOf({ rgba, width, height }: Colors, name: string, isInkDark?: boolean): Ink {
  if (rgba.length !== 4 * width * height || rgba.length === 0) {
    throw new RangeError(
      `${name} has ${rgba.length} bytes; expected 4 for each of ${width} x ${height} pixels`,
    );
  }
  const sheet = onSheet(toTones(rgba, width, height, name));
  const { left, top } = sheet;
  let { contrast, tones } = inkContrast(sheet.tones, isInkDark);
  contrast = withoutLines(withoutBoxes(contrast), leastInk(contrast));
  for (let scale = 1; ; scale *= 2) {
    const pieces = onlyStrokes(findInk(contrast), contrast, tones);
    if (pieces.some(({ box }) => longSide(box) >= leastLength)) {
      return { contrast, pieces, left, top, scale };
    }
    if (Math.max(contrast.width, contrast.height) < leastHalved) {
      const specks = 'specks and nothing larger';
      const nothing = 'one tone all over, or nothing that stands out from noise';
      throw blank(name, pieces.length > 0 ? specks : nothing);
    }
    contrast = halve(contrast);
    tones = halve(tones);
  }
}

function imageOf(
  even: EvenInk,
  pixels: readonly number[],
  isOther: (pixel: number) => boolean = () => false,
): Float32Array {
  return center(fitStrokes(crop(inkAround(even, pixels, isOther))));
}
