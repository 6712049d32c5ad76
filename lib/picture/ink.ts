import { findPieces, type Piece } from './pieces';
import { boxSums, forNeighbors, longSide, median, medianBin, type Plane } from './plane';

/** The shares of full ink from which a pixel is ink, and from which one beside ink is its edge. */
export const inkShare = 0.5;

const edgeShare = 0.25;

/** The least contrast of ink: as a share of the way from paper to black or white, and in noise. */
const leastContrast = 0.04;

const leastSigmas = 5;

/** What is left by the border has at least this length, in lengths of the picture, to be a digit. */
const leastInside = 0.12;

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
    return full === 0
      ? []
      : findPieces({ width, height, values }, Math.max(floor, inkShare * full));
  };
  const all = piecesOf(contrast.values);
  const values = contrast.values.slice();
  const isOutside = new Uint8Array(values.length);
  const isReaching = ({ pixels }: Piece) =>
    pixels.some((pixel) => {
      const x = pixel % width;
      if (x === 0 || x === width - 1 || pixel < width || pixel >= values.length - width)
        return true;
      let isBeside = false;
      forNeighbors(pixel, contrast, (neighbor) => (isBeside ||= isOutside[neighbor] === 1));
      return isBeside;
    });
  let pieces = all;
  for (;;) {
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

/**
 * Gives the ink of a digit, 0 to 1: its pieces with their softer edges and faint ends.
 *
 * @param digit - The pieces of the digit.
 * @param all - Those of the picture.
 * @param unit - Pixels of the picture to one of the result.
 */
export function inkAround(
  contrast: Plane,
  digit: readonly Piece[],
  even: Float32Array,
  unit: number,
): Plane {
  const { width, height, values } = contrast;
  let front = digit.flatMap(({ pixels }) => pixels);
  const fullHere = fullInk(
    Float32Array.from(front, (pixel) => even[pixel]),
    0,
  );
  const edge = Math.max(edgeShare * fullHere, 3 * noiseLevel(contrast));
  const ink = new Float32Array(values.length);
  const take = (pixel: number) => {
    ink[pixel] = Math.min(1, Math.max(edge, even[pixel]) / fullHere);
  };
  front.forEach(take);
  // Edges and faint ends reach a little way; printed lines and shadows would go on.
  for (let step = 0; step < 2 * unit; step++) {
    const next: number[] = [];
    for (const pixel of front) {
      forNeighbors(pixel, contrast, (neighbor) => {
        if (ink[neighbor] > 0 || even[neighbor] < edge) return;
        take(neighbor);
        next.push(neighbor);
      });
    }
    front = next;
  }
  return { width, height, values: ink };
}

/** The standard deviation of noise, from the steps between neighbors, most of which are paper. */
function noiseLevel({ width, values }: Plane): number {
  const stride = Math.ceil(values.length / 200_000);
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

/** Subtracts from each pixel the mean of the paper near it; `unit` is a pixel of the result. */
export function evenOut(
  { width, height, values }: Plane,
  pieces: readonly Piece[],
  unit: number,
): Float32Array {
  const isInk = new Float32Array(values.length);
  for (const { pixels } of pieces) for (const pixel of pixels) isInk[pixel] = 1;
  const inkNear = boxSums({ width, height, values: isInk });
  // Around ink are its soft edges, which are not paper yet.
  const isPaper = values.map((_, pixel) => (inkNear(pixel, Math.ceil(unit)) === 0 ? 1 : 0));
  const paperNear = boxSums({ width, height, values: isPaper });
  const onPaper = values.map((value, pixel) => value * isPaper[pixel]);
  const totalNear = boxSums({ width, height, values: onPaper });
  const reach = Math.ceil(3 * unit);
  return values.map((value, pixel) => {
    const count = paperNear(pixel, reach);
    const paper = count === 0 ? 0 : Math.min(inkShare, totalNear(pixel, reach) / count);
    return (value - paper) / (1 - paper);
  });
}
