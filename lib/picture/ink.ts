import { faintStrokes } from './faint';
import { findPieces, withoutFrames, type Piece } from './pieces';
import { boxOf, boxSums, forNeighbors, longSide, median, medianBin, type Plane } from './plane';

/** The shares of full ink from which a pixel is ink, and from which one beside ink is its edge. */
export const inkShare = 0.5;

const edgeShare = 0.25;

/**
 * The share of full ink from which a line is a faint stroke, looked for in pictures that have at most
 * so many pixels to one of the result: in larger ones a stroke is wider than a pixel.
 */
const [faintShare, coarseUnit] = [0.1, 2];

/** The least contrast of ink: as a share of the way from paper to black or white, and in noise. */
const leastContrast = 0.04;

const leastSigmas = 5;

/** What is left by the border has at least this length, in lengths of the picture, to be a digit. */
const leastInside = 0.12;

/** Soft shadows are taken off from the border inwards, in so many rounds at most. */
const mostRounds = 4;

/** The least contrast that stands out from noise. */
export function leastInk(contrast: Plane): number {
  return Math.max(leastContrast, leastSigmas * noiseLevel(contrast));
}

/**
 * Finds the pieces of ink, without those that reach the border where others do not: shadows, edges
 * of a table, what is cut off.
 */
export function findInk(contrast: Plane): Piece[] {
  const { width, height } = contrast;
  const floor = leastInk(contrast);
  const piecesOf = (values: Float32Array) => {
    const full = fullInk(values, floor);
    return full === 0 ? [] : findPieces({ ...contrast, values }, Math.max(floor, inkShare * full));
  };
  const all = piecesOf(contrast.values);
  const values = contrast.values.slice();
  const isOutside = new Uint8Array(values.length);
  const isReaching = ({ pixels }: Piece) =>
    pixels.some((pixel) => {
      const x = pixel % width;
      let isBeside = x === 0 || x === width - 1 || pixel < width || pixel >= values.length - width;
      forNeighbors(pixel, contrast, 1, (neighbor) => (isBeside ||= isOutside[neighbor] === 1));
      return isBeside;
    });
  let pieces = all;
  for (let round = 0; round < mostRounds; round++) {
    const reaching = pieces.filter(isReaching);
    if (reaching.length === 0) break;
    for (const { pixels } of reaching) {
      for (const pixel of pixels) [values[pixel], isOutside[pixel]] = [0, 1];
    }
    pieces = piecesOf(values);
  }
  const least = leastInside * Math.max(width, height);
  return pieces.some(({ box }) => longSide(box) >= least) ? pieces : all;
}

/** A frame is at least this share of the picture's longer side; among more pieces there is none. */
const [leastFrame, mostPieces] = [0.1, 300];

/**
 * Takes printed boxes and tables out of the contrast before their long sides are taken for ruled lines,
 * and their short ones for ones. What reaches the border, as squared paper does, stays.
 */
export function withoutBoxes(contrast: Plane): Plane {
  const { width, height } = contrast;
  const least = leastFrame * Math.max(width, height);
  const pieces = findInk(contrast).filter(({ box }) => longSide(box) >= 0.2 * least);
  if (pieces.length > mostPieces) return contrast;
  const kept = new Set(withoutFrames(pieces, width));
  const values = contrast.values.slice();
  for (const piece of pieces) {
    const { left, top, right, bottom } = piece.box;
    const isWithin = left > 0 && top > 0 && right < width && bottom < height;
    if (kept.has(piece) || !isWithin || longSide(piece.box) < least) continue;
    for (const pixel of piece.pixels) {
      forNeighbors(pixel, contrast, 2, (neighbor) => (values[neighbor] = 0));
    }
  }
  return { ...contrast, values };
}

/**
 * Gives the ink of a digit, 0 to 1, with its softer edges and faint ends.
 *
 * @param pixels - Where its ink is surely.
 * @param isOther - Whether a pixel is of another digit.
 */
export function inkAround(
  { even, noise, unit }: EvenInk,
  pixels: readonly number[],
  isOther: (pixel: number) => boolean,
): Plane {
  const box = boxOf(pixels, even.width);
  const steps = Math.ceil(2 * unit);
  const [left, top] = [Math.max(0, box.left - steps), Math.max(0, box.top - steps)];
  const width = Math.min(even.width, box.right + steps) - left;
  const height = Math.min(even.height, box.bottom + steps) - top;
  const surely = Float32Array.from(pixels, (pixel) => even.values[pixel]);
  const full = fullInk(surely, 0);
  const edge = Math.max(edgeShare * full, 3 * noise);
  const ink: Plane = { width, height, values: new Float32Array(width * height) };
  const outer = (place: number) =>
    (Math.floor(place / width) + top) * even.width + (place % width) + left;
  const take = (place: number) => {
    ink.values[place] = Math.min(1, Math.max(edge, even.values[outer(place)]) / full);
  };
  let front = pixels.map((pixel) => {
    return (Math.floor(pixel / even.width) - top) * width + (pixel % even.width) - left;
  });
  front.forEach(take);
  // Edges and faint ends reach a little way; printed lines and shadows would go on.
  for (let step = 0; step < steps; step++) {
    const next: number[] = [];
    for (const place of front) {
      forNeighbors(place, ink, 1, (neighbor) => {
        if (ink.values[neighbor] > 0) return;
        const pixel = outer(neighbor);
        if (even.values[pixel] < edge || isOther(pixel)) return;
        take(neighbor);
        next.push(neighbor);
      });
    }
    front = next;
  }
  if (unit <= coarseUnit) {
    const around = ink.values.map((_, place) => {
      return isOther(outer(place)) ? 0 : even.values[outer(place)];
    });
    const isInk = (place: number) => ink.values[place] > 0;
    const faint = Math.max(faintShare * full, 3 * noise);
    for (const place of faintStrokes({ ...ink, values: around }, isInk, faint)) {
      ink.values[place] = inkShare;
    }
  }
  return ink;
}

/** The standard deviation of noise, from the steps between neighbors, most of which are paper. */
function noiseLevel({ width, values }: Plane): number {
  const stride = Math.ceil(values.length / 10_000);
  const steps: number[] = [];
  for (let pixel = 1; pixel < values.length; pixel += stride) {
    if (pixel % width !== 0) steps.push(Math.abs(values[pixel] - values[pixel - 1]));
  }
  return (1.4826 * median(steps)) / Math.SQRT2;
}

/**
 * The contrast of full ink: the median of what is above `floor`, 0 where nothing is.
 *
 * Weighted with the contrast's cube, so that a wide faint shadow counts less than a thin dark line.
 */
function fullInk(contrasts: Float32Array, floor: number): number {
  const weights = new Float64Array(1025);
  for (const contrast of contrasts) {
    if (contrast <= floor) continue;
    weights[Math.round(1024 * Math.min(1, contrast))] += contrast * contrast * contrast;
  }
  return medianBin(weights) / 1024;
}

/** Contrast with paper that is the same everywhere. */
export interface EvenInk {
  readonly even: Plane;
  readonly noise: number;
  /** Pixels of the picture to one of the result. */
  readonly unit: number;
}

/** Subtracts from each pixel the mean of the paper near it; `unit` is a pixel of the result. */
export function evenOut(contrast: Plane, pieces: readonly Piece[], unit: number): EvenInk {
  const { width, height, values } = contrast;
  const isInk = new Float32Array(values.length);
  for (const { pixels } of pieces) for (const pixel of pixels) isInk[pixel] = 1;
  const inkNear = boxSums({ width, height, values: isInk });
  // Around ink are its soft edges, which are not paper yet.
  const isPaper = values.map((_, pixel) => (inkNear(pixel, Math.ceil(unit)) === 0 ? 1 : 0));
  const paperNear = boxSums({ width, height, values: isPaper });
  const onPaper = values.map((value, pixel) => value * isPaper[pixel]);
  const totalNear = boxSums({ width, height, values: onPaper });
  const reach = Math.ceil(3 * unit);
  const even = values.map((value, pixel) => {
    const count = paperNear(pixel, reach);
    const paper = count === 0 ? 0 : Math.min(inkShare, totalNear(pixel, reach) / count);
    return (value - paper) / (1 - paper);
  });
  return { even: { width, height, values: even }, noise: noiseLevel(contrast), unit };
}
