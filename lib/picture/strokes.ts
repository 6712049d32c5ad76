import type { Piece } from './pieces';
import type { Plane } from './plane';

/** At least this share of a stroke's outline has light beyond it. */
const leastLight = 0.7;

/** Light is so far on the way from ink to paper, and so many pixels beyond half of a stroke's width. */
const [lightShare, softEdge] = [0.5, 2];

/** Steps to the four sides. */
const stepsAcross = [1, -1, 0, 0];
const stepsDown = [0, 0, 1, -1];

/**
 * Keeps the pieces that have light on their either side, as strokes have: beyond the edge of a shadow
 * or of a table it goes on as dark as the edge.
 *
 * @param contrast - From paper (0) to ink (1).
 * @param tones - Of the same picture, where ink is dark.
 */
export function onlyStrokes(pieces: readonly Piece[], contrast: Plane, tones: Plane): Piece[] {
  const { width, height, values } = tones;
  const owners = new Int32Array(values.length);
  pieces.forEach(({ pixels }, index) => pixels.forEach((pixel) => (owners[pixel] = index + 1)));
  return pieces.filter(({ pixels }, index) => {
    const isOwn = (x: number, y: number) =>
      x >= 0 && y >= 0 && x < width && y < height && owners[y * width + x] === index + 1;
    const forOutline = (visit: (x: number, y: number, across: number, down: number) => void) => {
      for (const pixel of pixels) {
        const [x, y] = [pixel % width, Math.floor(pixel / width)];
        stepsAcross.forEach((across, side) => {
          if (!isOwn(x + across, y + stepsDown[side])) visit(x, y, across, stepsDown[side]);
        });
      }
    };
    let outline = 0;
    forOutline(() => outline++);
    // Half of the width of a stroke, both of whose sides are outline.
    const half = Math.max(1, Math.round(pixels.length / outline));
    let [light, all] = [0, 0];
    forOutline((x, y, across, down) => {
      const [right, below] = [x + (half + softEdge) * across, y + (half + softEdge) * down];
      const column = Math.max(0, Math.min(width - 1, right));
      const row = Math.max(0, Math.min(height - 1, below));
      const isOutside = column !== right || row !== below;
      const isHidden = isOwn(column, row);
      // What is beyond the border nobody knows: half as much.
      all += isHidden ? (isOutside ? 0.5 : 0) : 1;
      if (isHidden) return;
      const [inX, inY] = [x - half * across, y - half * down];
      const inner = isOwn(inX, inY) ? inY * width + inX : y * width + x;
      // From ink to the paper under it, of which the contrast is a share.
      const share = Math.min(0.9, contrast.values[inner]);
      const depth = (values[inner] * share) / (1 - share);
      if (values[row * width + column] - values[inner] >= lightShare * depth) light++;
    });
    return light >= leastLight * all;
  });
}
