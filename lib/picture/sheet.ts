import { findPieces } from './pieces';
import { tileMeans } from './background';
import { medianBin, type Plane } from './plane';

/** Cells of the grid on which a sheet is looked for, along the longer side. */
const sheetCells = 120;

/** A sheet fills at least these shares of the picture and of the rectangle around it. */
const [leastArea, leastFill] = [0.12, 0.88];

/** A sheet is at most this many times as long as wide: a bar that is longer may be a one. */
const mostAspect = 2.5;

/** At most this share of the picture's border is the sheet's. */
const mostBorder = 0.25;

/** A sheet, and its upper left corner in the picture. */
export interface OnSheet {
  readonly tones: Plane;
  readonly left: number;
  readonly top: number;
}

/**
 * Cuts a sheet of paper out of the table on which it lies, with its own tone around it; a picture
 * without one comes back as it is.
 */
export function onSheet(tones: Plane): OnSheet {
  const tile = Math.ceil(Math.max(tones.width, tones.height) / sheetCells);
  const grid = tileMeans(tones, tile);
  const { width, height } = grid;
  const middle = betweenTones(grid.values);
  for (const sign of [1, -1]) {
    const marked = grid.values.map((tone) => (sign * (tone - middle) > 0 ? 1 : 0));
    const [sheet] = findPieces({ width, height, values: marked }, 1).sort(
      (one, other) => other.pixels.length - one.pixels.length,
    );
    if (sheet === undefined || sheet.pixels.length < leastArea * marked.length) continue;
    const inside = filledIn(sheet.pixels, width, height);
    const count = inside.reduce((total, value) => total + value, 0);
    if (borderShare(inside, width, height) > mostBorder) continue;
    const [long, short] = sidesOf(inside, width);
    if (count < leastFill * long * short || long > mostAspect * short) continue;
    const tonesOnSheet = new Uint32Array(256);
    for (const cell of sheet.pixels) {
      tonesOnSheet[Math.max(0, Math.min(255, Math.round(grid.values[cell])))]++;
    }
    const paper = medianBin(tonesOnSheet);
    const isOn = (x: number, y: number) =>
      x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] > 0;
    const isWellInside = Uint8Array.from(inside, (_, cell) => {
      const [x, y] = [cell % width, Math.floor(cell / width)];
      for (let row = y - 2; row <= y + 2; row++) {
        for (let column = x - 2; column <= x + 2; column++) if (!isOn(column, row)) return 0;
      }
      return 1;
    });
    const { left, top, right, bottom } = sheet.box;
    const [from, upper] = [left * tile, top * tile];
    const cut = {
      width: Math.min(tones.width, right * tile) - from,
      height: Math.min(tones.height, bottom * tile) - upper,
    };
    const values = new Float32Array(cut.width * cut.height);
    for (let y = 0, at = 0; y < cut.height; y++) {
      for (let x = 0; x < cut.width; x++, at++) {
        const cell = Math.floor((y + upper) / tile) * width + Math.floor((x + from) / tile);
        const pixel = (y + upper) * tones.width + x + from;
        values[at] = isWellInside[cell] ? tones.values[pixel] : paper;
      }
    }
    return { tones: { ...cut, values }, left: from, top: upper };
  }
  return { tones, left: 0, top: 0 };
}

/** The tone that parts dark from light best (Otsu's threshold). */
function betweenTones(tones: Float32Array): number {
  const counts = new Uint32Array(256);
  for (const tone of tones) counts[Math.max(0, Math.min(255, Math.round(tone)))]++;
  const all = counts.reduce((total, count, tone) => total + count * tone, 0);
  let [count, total, best, middle] = [0, 0, 0, 0];
  counts.forEach((here, tone) => {
    count += here;
    total += here * tone;
    const rest = tones.length - count;
    if (count === 0 || rest === 0) return;
    const spread = count * rest * (total / count - (all - total) / rest) ** 2;
    if (spread > best) [best, middle] = [spread, tone + 0.5];
  });
  return middle;
}

/** A piece with all that lies between two of its pixels in a row. */
function filledIn(pixels: readonly number[], width: number, height: number): Uint8Array {
  const inside = new Uint8Array(width * height);
  const firsts = new Int32Array(height).fill(width);
  const lasts = new Int32Array(height).fill(-1);
  for (const pixel of pixels) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    firsts[y] = Math.min(firsts[y], x);
    lasts[y] = Math.max(lasts[y], x);
  }
  for (let y = 0; y < height; y++) {
    if (lasts[y] >= 0) inside.fill(1, y * width + firsts[y], y * width + lasts[y] + 1);
  }
  return inside;
}

function borderShare(inside: Uint8Array, width: number, height: number): number {
  let [on, all] = [0, 0];
  inside.forEach((value, cell) => {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    if (x > 0 && y > 0 && x < width - 1 && y < height - 1) return;
    all++;
    on += value;
  });
  return on / all;
}

/** The longer and the shorter side of the smallest rectangle around something, at any angle. */
function sidesOf(inside: Uint8Array, width: number): [long: number, short: number] {
  let best: [number, number] = [Infinity, Infinity];
  for (let degrees = -45; degrees < 45; degrees += 3) {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    inside.forEach((value, cell) => {
      if (value === 0) return;
      const [x, y] = [cell % width, Math.floor(cell / width)];
      const [u, v] = [x * cos + y * sin, y * cos - x * sin];
      [left, right] = [Math.min(left, u), Math.max(right, u)];
      [top, bottom] = [Math.min(top, v), Math.max(bottom, v)];
    });
    const sides = [right - left + 1, bottom - top + 1].sort((one, other) => other - one);
    if (sides[0] * sides[1] < best[0] * best[1]) best = [sides[0], sides[1]];
  }
  return best;
}
