import { boxOf, forNeighbors, gap, longSide, union, type Box, type Plane } from './plane';

/** Pixels that touch each other. */
export interface Piece {
  readonly pixels: readonly number[];
  readonly box: Box;
}

/** Finds the pixels from `least` up that touch each other, by a side or a corner. */
export function findPieces(plane: Plane, least: number): Piece[] {
  const { width, values } = plane;
  const isFound = new Uint8Array(values.length);
  const pieces: Piece[] = [];
  for (let first = 0; first < values.length; first++) {
    if (isFound[first] || values[first] < least) continue;
    isFound[first] = 1;
    const pixels = [first];
    // The list grows while it is walked.
    for (const pixel of pixels) {
      forNeighbors(pixel, plane, 1, (neighbor) => {
        if (isFound[neighbor] || values[neighbor] < least) return;
        isFound[neighbor] = 1;
        pixels.push(neighbor);
      });
    }
    pieces.push({ pixels, box: boxOf(pixels, width) });
  }
  return pieces;
}

/** A line under a digit is at least so many times as wide as high. */
const flatness = 6;

/** What a frame holds is at least this share of its longer side, or of the height of a row's frame. */
const [leastHeld, rowAspect] = [0.3, 2];

/** Boxes of a form are of one size but for this share of it, and their lines so near to their sides. */
const [alike, rim] = [0.92, 0.12];

/** An 8 has two holes; boxes in a row and squares have more, and these fill their rectangle. */
const [mostHoles, leastHole, leastHollow] = [2, 0.004, 0.6];

/** Leaves out boxes, tables and circles around other pieces, and lines under them. */
export function withoutMarks(pieces: readonly Piece[], width: number): Piece[] {
  const inner = withoutFrames(pieces, width);
  return inner.filter(({ box }) => {
    const isFlat = box.right - box.left >= flatness * (box.bottom - box.top);
    return !(isFlat && inner.some((other) => isUnder(box, other.box)));
  });
}

/** Leaves out what is around other pieces, empty boxes of its size, and what has three cells or more. */
export function withoutFrames(pieces: readonly Piece[], width: number): Piece[] {
  const frames = pieces.filter(({ box }) => pieces.some((piece) => encloses(box, piece.box)));
  return pieces.filter((piece) => {
    const isEmpty = frames.some((frame) => isAlike(frame.box, piece.box)) && isRim(piece, width);
    return !frames.includes(piece) && !isEmpty && !hasCells(piece, width);
  });
}

/** Whether they have one size, as the empty box has beside one with a digit. */
function isAlike(one: Box, other: Box): boolean {
  const widths = [one.right - one.left, other.right - other.left];
  const heights = [one.bottom - one.top, other.bottom - other.top];
  return [widths, heights].every((pair) => Math.min(...pair) >= alike * Math.max(...pair));
}

/** Whether all of it is by its sides; of a zero, and of a box that a digit touches, some is not. */
function isRim({ pixels, box }: Piece, width: number): boolean {
  const [across, down] = [box.right - box.left, box.bottom - box.top];
  return pixels.every((pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const inside = Math.min(x - box.left, box.right - 1 - x) / across;
    return Math.min(inside, Math.min(y - box.top, box.bottom - 1 - y) / down) <= rim;
  });
}

function hasCells({ pixels, box }: Piece, width: number): boolean {
  // With a rim, which makes all that lies around one piece.
  const [across, down] = [box.right - box.left + 2, box.bottom - box.top + 2];
  const values = new Float32Array(across * down).fill(1);
  for (const pixel of pixels) {
    const row = Math.floor(pixel / width) - box.top + 1;
    values[row * across + (pixel % width) - box.left + 1] = 0;
  }
  const sizes = findPieces({ width: across, height: down, values }, 1)
    .slice(1)
    .map(({ pixels: hole }) => hole.length)
    .filter((size) => size >= leastHole * values.length);
  const hollow = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.length > mostHoles && hollow >= leastHollow * values.length;
}

function encloses(frame: Box, box: Box): boolean {
  const [across, down] = [frame.right - frame.left, frame.bottom - frame.top];
  return (
    frame.left < box.left &&
    frame.top < box.top &&
    frame.right > box.right &&
    frame.bottom > box.bottom &&
    longSide(box) >= leastHeld * (across > rowAspect * down ? down : Math.max(across, down))
  );
}

/** Whether a line is below, with some distance, and within reach to the left and the right. */
function isUnder(line: Box, box: Box): boolean {
  const height = box.bottom - box.top;
  return (
    height > 2 * (line.bottom - line.top) &&
    line.top - box.bottom > 0.04 * height &&
    line.left < box.right &&
    line.right > box.left
  );
}

/** A piece of a digit has at most this many others near it that are not much smaller. */
const mostBeside = 4;

/** Leaves out pieces in a crowd, such as the pattern of a cloth on which the paper lies. */
export function withoutTexture(pieces: readonly Piece[]): Piece[] {
  return pieces.filter(({ box, pixels }) => {
    const reach = longSide(box);
    let beside = -1;
    for (const other of pieces) {
      if (other.pixels.length >= 0.01 * pixels.length && gap(box, other.box) <= reach) beside++;
    }
    return beside <= mostBeside;
  });
}

/** Keeps the pieces of one digit: the largest, what is near it, and what is not much smaller. */
export function withoutSpecks(pieces: readonly Piece[]): Piece[] {
  const candidates = [...pieces].sort((one, other) => other.pixels.length - one.pixels.length);
  const kept: Piece[] = [];
  let whole = candidates[0]?.box;
  for (const piece of candidates) {
    const share = piece.pixels.length / candidates[0].pixels.length;
    const isNear = gap(whole, piece.box) <= 0.2 * longSide(whole);
    if (share < (isNear ? 0.01 : 0.25)) continue;
    kept.push(piece);
    whole = union(whole, piece.box);
  }
  return kept;
}
