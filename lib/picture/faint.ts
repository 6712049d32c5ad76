import { forNeighbors, type Plane } from './plane';

/** A stroke's ridge is higher than what lies on both its sides by at least this factor. */
const ridge = 4 / 3;

/** What is fainter than noise may interrupt a stroke for one pixel. */
const reach = 2;

/** What is faint makes strokes of at least this many pixels, or is noise. */
const leastLength = 3;

/** More of it than this share of the ink is the paper's grain. */
const mostShare = 0.6;

/**
 * Finds the faint parts of strokes that go on from ink: lines a pixel wide, as a pen leaves them that
 * hardly touches, and as scaling down to a small picture does with all hairlines.
 *
 * @param contrast - How far each pixel is from paper.
 * @param isInk - Where there is ink already.
 * @param least - From which contrast on it is no noise.
 * @returns The pixels of these parts; none where there are too many.
 */
export function faintStrokes(
  contrast: Plane,
  isInk: (pixel: number) => boolean,
  least: number,
): number[] {
  const { width, values } = contrast;
  const isRidge = (pixel: number) => {
    const x = pixel % width;
    const isInside = x > 0 && x < width - 1 && pixel >= width && pixel < values.length - width;
    return (
      isInside &&
      [1, width, width + 1, width - 1].some(
        (step) => values[pixel] >= ridge * Math.max(values[pixel - step], values[pixel + step]),
      )
    );
  };
  const isLeft = Uint8Array.from(values, (value, pixel) =>
    value >= least && !isInk(pixel) && isRidge(pixel) ? 1 : 0,
  );
  const found: number[] = [];
  let inked = 0;
  for (let first = 0; first < values.length; first++) {
    if (isInk(first)) inked++;
    if (isLeft[first] === 0) continue;
    isLeft[first] = 0;
    const stroke = [first];
    let goesOn = false;
    // The list grows while it is walked.
    for (const pixel of stroke) {
      forNeighbors(pixel, contrast, reach, (neighbor) => {
        goesOn ||= isInk(neighbor);
        if (isLeft[neighbor] === 0) return;
        isLeft[neighbor] = 0;
        stroke.push(neighbor);
      });
    }
    if (goesOn && stroke.length >= leastLength) found.push(...stroke);
  }
  return found.length <= mostShare * inked ? found : [];
}
