/*
 * Where are the digits of a number? Plain arrays, so that it runs and is tested anywhere.
 */
import type { Colors } from '../../lib/picture/prepare';

/** The rows and columns that something takes up; right and bottom are the first beyond it. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Pixels of ink that touch each other. */
interface Piece {
  readonly pixels: readonly number[];
  readonly box: Box;
}

/** Pieces that make one digit. */
interface Group {
  readonly pieces: readonly Piece[];
  readonly box: Box;
}

/** Tones laid out as an image, row-major. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** A digit of a picture. */
export interface Part {
  /** The digit alone, with paper around it. */
  readonly colors: Colors;
  /** Its width, in heights. */
  readonly shape: number;
}

/** What a picture was split into. */
export interface Split {
  /** From left to right; none where no ink was found, or too much of it. */
  readonly parts: readonly Part[];
  /** Sentences on what could not be split. */
  readonly remarks: readonly string[];
}

/** Pieces are looked for in a picture of at most this length, in pixels. */
const searchLength = 400;

/** A digit's picture is scaled down to at least this length, in pixels: nearly twice what it becomes. */
const digitLength = 36;

/** The least contrast of ink, of 255. */
const leastContrast = 20;

/** With more groups than this, it is no number but a texture or a page of writing. */
const mostDigits = 12;

/** What is lower than this share of the highest is a mark, and no digit. */
const markShare = 0.4;

/**
 * Splits a picture of a number into one picture for each digit, by the parts that are connected.
 *
 * Parts one above the other are of one digit, such as the bar of a 5; rows of digits cannot be
 * split, which a remark says.
 *
 * @param colors - Ink in another tone than the paper around it.
 */
export function splitDigits(colors: Colors): Split {
  const factor = Math.ceil(Math.max(colors.width, colors.height) / searchLength);
  const tones = toTones(colors, factor);
  const pieces = findPieces(tones, inkAt(tones));
  const groups = groupPieces(pieces);
  if (groups.length === 0) return { parts: [], remarks: [] };
  if (groups.length > mostDigits) {
    return { parts: [], remarks: [`More than ${mostDigits} digits can’t be read at once.`] };
  }
  const highest = Math.max(...groups.map(({ box }) => heightOf(box)));
  const digits = groups.filter(({ box }) => longSide(box) >= markShare * highest);
  const owners = findOwners(groups, tones, factor);
  const paper = paperColor(colors);
  const parts = digits.map((group) => {
    const { left, right } = group.box;
    const shape = (right - left) / heightOf(group.box);
    return { colors: cutOut(colors, group, paper, owners, groups.indexOf(group)), shape };
  });
  const remarks = digits.some(isStacked)
    ? ['Digits one above the other can’t be split: write them side by side.']
    : [];
  return { parts, remarks };
}

/** Whether two large pieces stand one above the other, with more of a gap than a digit has. */
function isStacked({ pieces, box }: Group): boolean {
  const high = pieces.filter((piece) => heightOf(piece.box) >= 0.3 * heightOf(box));
  return high.some((one) =>
    high.some((other) => other.box.top - one.box.bottom > 0.15 * heightOf(box)),
  );
}

/** The brightness of a picture, each pixel the mean of `factor` by `factor`; 255 is white. */
function toTones({ rgba, width, height }: Colors, factor: number): Plane {
  let [visible, brightness] = [0, 0];
  for (let at = 0; at < rgba.length; at += 4) {
    visible += rgba[at + 3];
    brightness += rgba[at + 3] * (rgba[at] + rgba[at + 1] + rgba[at + 2]);
  }
  // A transparent ground is put on black or white, whichever differs more.
  const ground = brightness > visible * 3 * 128 ? 0 : 255;
  const small = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
  const values = new Float32Array(small.width * small.height);
  const counts = new Uint32Array(values.length);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y / factor) * small.width;
    for (let x = 0; x < width; x++, at += 4) {
      const pixel = row + Math.floor(x / factor);
      const opacity = rgba[at + 3] / 255;
      const tone = (rgba[at] + rgba[at + 1] + rgba[at + 2]) / 3;
      values[pixel] += opacity * tone + (1 - opacity) * ground;
      counts[pixel]++;
    }
  }
  return { ...small, values: values.map((total, pixel) => total / counts[pixel]) };
}

/** Says of each pixel whether it is ink: half as far from the paper around it as full ink is. */
function inkAt(tones: Plane): Uint8Array {
  const { width, height, values } = tones;
  const border = borderOf(width, height);
  const flat = values[border[0]];
  // The page's own board, and most screenshots: nothing has to be found out about the light.
  if (border.every((pixel) => values[pixel] === flat)) return inkOn(tones, () => flat).isInk;
  const reach = Math.ceil(Math.max(width, height) / 6);
  const everywhere = new Float32Array(values.length).fill(1);
  const first = meanNear(tones, everywhere, reach);
  const { isNear } = inkOn(tones, (pixel) => first[pixel]);
  // The first paper had ink in it; the second leaves out what differed from the first.
  const isPaper = Float32Array.from(isNear, (near) => (near ? 0 : 1));
  const second = meanNear(tones, isPaper, reach);
  return inkOn(tones, (pixel) => second[pixel]).isInk;
}

/** What is ink, and what is near enough to it in tone to be its edge, on a paper of these tones. */
function inkOn({ values }: Plane, paperAt: (pixel: number) => number) {
  const distances = values.map((tone, pixel) => tone - paperAt(pixel));
  let cubes = 0;
  for (const distance of distances) cubes += distance * distance * distance;
  const sign = Math.sign(cubes);
  const full = fullContrast(distances, sign);
  const [isInk, isNear] = [new Uint8Array(values.length), new Uint8Array(values.length)];
  if (full < leastContrast) return { isInk, isNear };
  distances.forEach((distance, pixel) => {
    isInk[pixel] = sign * distance > full / 2 ? 1 : 0;
    isNear[pixel] = Math.abs(distance) > full / 4 ? 1 : 0;
  });
  return { isInk, isNear };
}

/** The mean distance of what differs as ink does, weighted so that faint noise counts little. */
function fullContrast(distances: Float32Array, sign: number): number {
  let [weights, total] = [0, 0];
  for (const distance of distances) {
    const contrast = Math.max(0, sign * distance);
    const weight = contrast * contrast * contrast;
    weights += weight;
    total += weight * contrast;
  }
  return weights === 0 ? 0 : total / weights;
}

/** The mean of the tones that count, within `reach` of each pixel; of all, where none counts. */
function meanNear({ width, height, values }: Plane, counts: Float32Array, reach: number) {
  const onPaper = values.map((value, pixel) => value * counts[pixel]);
  const totals = sumNear({ width, height, values: onPaper }, reach);
  const numbers = sumNear({ width, height, values: counts }, reach);
  const all = onPaper.reduce((total, value) => total + value, 0);
  const number = counts.reduce((total, value) => total + value, 0);
  return totals.map((total, pixel) => (numbers[pixel] > 0 ? total / numbers[pixel] : all / number));
}

/** The sum over the square that reaches `reach` pixels to each side, for each pixel. */
function sumNear({ width, height, values }: Plane, reach: number): Float64Array {
  const stride = width + 1;
  const above = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += values[y * width + x];
      above[(y + 1) * stride + x + 1] = above[y * stride + x + 1] + row;
    }
  }
  const sums = new Float64Array(values.length);
  for (let y = 0, pixel = 0; y < height; y++) {
    const top = Math.max(0, y - reach) * stride;
    const bottom = Math.min(height, y + reach + 1) * stride;
    for (let x = 0; x < width; x++, pixel++) {
      const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
      sums[pixel] = above[bottom + right] - above[bottom + left] - above[top + right];
      sums[pixel] += above[top + left];
    }
  }
  return sums;
}

/** Finds the ink that touches by a side or a corner, without specks, frames and table edges. */
function findPieces({ width, height }: Plane, isInk: Uint8Array): Piece[] {
  const isLeft = isInk.slice();
  const pieces: Piece[] = [];
  for (let first = 0; first < isLeft.length; first++) {
    if (isLeft[first] === 0) continue;
    isLeft[first] = 0;
    const pixels = [first];
    let [left, top, right, bottom] = [width, height, 0, 0];
    // The list grows while it is walked.
    for (const pixel of pixels) {
      const x = pixel % width;
      const y = (pixel - x) / width;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const neighbor = row * width + column;
          if (isLeft[neighbor] === 0) continue;
          isLeft[neighbor] = 0;
          pixels.push(neighbor);
        }
      }
    }
    const box = { left, top, right, bottom };
    const isSpeck = longSide(box) < 4;
    const sides = [left === 0, top === 0, right === width, bottom === height];
    const isFrame = sides.filter((isTouched) => isTouched).length > 1;
    if (!isSpeck && !isFrame) pieces.push({ pixels, box });
  }
  return pieces;
}

/** Puts together the pieces of each digit, from left to right. */
function groupPieces(pieces: readonly Piece[]): Group[] {
  const groups: Group[] = [];
  const inOrder = [...pieces].sort((one, other) => one.box.left - other.box.left);
  for (const piece of inOrder) {
    const at = groups.findIndex(({ box }) => belongsTo(piece.box, box));
    if (at < 0) groups.push({ pieces: [piece], box: piece.box });
    else groups[at] = join(groups[at], { pieces: [piece], box: piece.box });
  }
  // A wide piece that came late, such as a bar, may lie over two groups.
  for (let at = 1; at < groups.length; at++) {
    const before = groups.findIndex(
      ({ box }, index) => index < at && belongsTo(groups[at].box, box),
    );
    if (before < 0) continue;
    groups[before] = join(groups[before], groups[at]);
    groups.splice(at, 1);
    at = 0;
  }
  return groups.sort((one, other) => one.box.left - other.box.left);
}

/** Whether one is above, below or in the other; or close beside it and too small for a digit. */
function belongsTo(one: Box, other: Box): boolean {
  const overlap = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const narrower = Math.min(one.right - one.left, other.right - other.left);
  if (overlap >= 0.4 * narrower) return true;
  const [low, high] = [heightOf(one), heightOf(other)].sort((a, b) => a - b);
  return low < markShare * high && -overlap < 0.12 * high;
}

function join(one: Group, other: Group): Group {
  const box = {
    left: Math.min(one.box.left, other.box.left),
    top: Math.min(one.box.top, other.box.top),
    right: Math.max(one.box.right, other.box.right),
    bottom: Math.max(one.box.bottom, other.box.bottom),
  };
  return { pieces: [...one.pieces, ...other.pieces], box };
}

/**
 * Cuts a digit out of the picture, with paper around it and without its neighbors.
 *
 * Scaled down to two to four times what it becomes: `preparePicture` takes a while for each pixel.
 */
function cutOut(
  { rgba, width, height }: Colors,
  { box }: Group,
  paper: readonly number[],
  { owners, factor, columns }: Owners,
  owner: number,
): Colors {
  const margin = Math.ceil(0.15 * longSide(box)) + 2;
  const step = Math.max(1, Math.floor((longSide(box) * factor) / digitLength));
  const [left, top] = [(box.left - margin) * factor, (box.top - margin) * factor];
  const across = Math.ceil(((box.right + margin) * factor - left) / step);
  const down = Math.ceil(((box.bottom + margin) * factor - top) / step);
  const cut = new Uint8Array(4 * across * down);
  const total = [0, 0, 0, 0];
  for (let row = 0, at = 0; row < down; row++) {
    for (let column = 0; column < across; column++, at += 4) {
      total.fill(0);
      for (let cell = 0; cell < step ** 2; cell++) {
        // Beyond the picture, its border goes on.
        const x = within(left + column * step + (cell % step), width);
        const y = within(top + row * step + Math.floor(cell / step), height);
        const found = owners[Math.floor(y / factor) * columns + Math.floor(x / factor)];
        const isOthers = found >= 0 && found !== owner;
        for (let c = 0; c < 4; c++) total[c] += isOthers ? paper[c] : rgba[4 * (y * width + x) + c];
      }
      for (let c = 0; c < 4; c++) cut[at + c] = Math.round(total[c] / step ** 2);
    }
  }
  return { rgba: cut, width: across, height: down };
}

/** Which group each pixel of the search is of, with its soft edges. */
interface Owners {
  /** The place of a group, -1 for paper. */
  readonly owners: Int16Array;
  readonly columns: number;
  /** Pixels of the picture to one of the search. */
  readonly factor: number;
}

function findOwners(groups: readonly Group[], { width, height }: Plane, factor: number): Owners {
  const owners = new Int16Array(width * height).fill(-1);
  // Edges first, so that ink stays with its own group where two are close.
  for (const reach of [2, 0]) {
    groups.forEach(({ pieces }, group) => {
      for (const pixel of pieces.flatMap(({ pixels }) => pixels)) {
        for (let row = -reach; row <= reach; row++) {
          const x = pixel % width;
          const from = pixel + row * width - Math.min(reach, x);
          owners.fill(group, Math.max(0, from), from + Math.min(reach, x) + 1 + reach);
        }
      }
    });
  }
  return { owners, columns: width, factor };
}

function within(at: number, size: number): number {
  return Math.min(size - 1, Math.max(0, at));
}

/** The median color of the border. */
function paperColor({ rgba, width, height }: Colors): number[] {
  const border = borderOf(width, height);
  return [0, 1, 2, 3].map((c) => {
    const sorted = Uint8Array.from(border, (pixel) => rgba[4 * pixel + c]).sort();
    return sorted[sorted.length >> 1];
  });
}

/** The outermost pixels. */
function borderOf(width: number, height: number): number[] {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) border.push(y * width, (y + 1) * width - 1);
  return border;
}

function heightOf({ top, bottom }: Box): number {
  return bottom - top;
}

function longSide({ left, top, right, bottom }: Box): number {
  return Math.max(right - left, bottom - top);
}
