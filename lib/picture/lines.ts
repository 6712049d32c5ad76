import { median, type Plane } from './plane';

/** The steepest slope of ruled lines, and the steps in which it is looked for. */
const [mostSlope, slopeStep] = [0.12, 0.004];

/** A ruled line covers at least this share of the picture's width, and is at most so thick. */
const [leastCover, mostThickness] = [0.7, 0.025];

/** A line is up to so many times as dark as its median; from this contrast up it is as dark as ink. */
const [spread, asInk] = [1.3, 0.8];

/** Turned lines that leave by a corner are shorter; below this share of the width are too few pixels. */
const leastRow = 0.15;

/** Where a line has to show at each side, in widths of the picture. */
const sideShare = 0.03;

/** Pictures are looked at on a grid of about so many cells. */
const lineCells = 400;

/**
 * Takes ruled lines, across and down, out of the contrast with paper, as if they were part of it.
 *
 * What is darker than the line, as ink over it is, stays; where a line is as dark as ink, strokes
 * that cross it are joined over the gap.
 */
export function withoutLines(contrast: Plane, least: number): Plane {
  const across = withoutRows(contrast, least);
  const down = withoutRows(turned(across), least);
  return turned(down);
}

function withoutRows(contrast: Plane, least: number): Plane {
  const { width, height } = contrast;
  const thickest = Math.floor(mostThickness * Math.max(width, height));
  // In a small picture, such as one digit cut out, a flat stroke looks like a line.
  const slope = thickest < 2 ? undefined : slopeOfLines(contrast, least);
  if (slope === undefined) return contrast;
  const lowest = Math.floor(-Math.abs(slope) * width);
  const shift = (x: number) => Math.round(slope * (x - width / 2));
  // Whether nearly all of a sloping row is darker than paper.
  const isDark = new Uint8Array(height - 2 * lowest);
  const row = new Float32Array(width);
  const side = Math.ceil(sideShare * width);
  for (let at = 0; at < isDark.length; at++) {
    let count = 0;
    for (let x = 0; x < width; x++) {
      const y = at + lowest + shift(x);
      if (y >= 0 && y < height) row[count++] = contrast.values[y * width + x];
    }
    if (count < leastRow * width) continue;
    // A ruled line goes on beyond the digit, to both sides of the picture; a flat stroke does not.
    const sides = [row.subarray(0, side), row.subarray(count - side, count)];
    if (!sides.every((end) => end.some((value) => value >= least))) continue;
    const sorted = row.slice(0, count).sort();
    isDark[at] = Number(sorted[Math.floor((1 - leastCover) * count)] >= least);
  }
  const lines: { top: number; bottom: number }[] = [];
  for (let top = 0; top < isDark.length; top++) {
    if (isDark[top] === 0) continue;
    let bottom = top;
    while (isDark[bottom] === 1) bottom++;
    if (bottom - top <= thickest) lines.push({ top, bottom });
    top = bottom;
  }
  const values = contrast.values.slice();
  const at = (x: number, y: number) => (y < 0 || y >= height ? 0 : contrast.values[y * width + x]);
  for (const { top, bottom } of lines) {
    // Where a line is turned, it lies now in one row of pixels and now, paler, in two.
    const tones: number[] = [];
    for (let x = 0; x < width; x++) {
      const [from, to] = [top + lowest + shift(x), bottom + lowest + shift(x)];
      if (to <= 0 || from >= height) continue;
      let tone = 0;
      for (let y = from; y < to; y++) tone = Math.max(tone, at(x, y));
      tones.push(tone);
    }
    const level = spread * median(tones);
    for (let x = 0; x < width; x++) {
      const [from, to] = [top - 1 + lowest + shift(x), bottom + 1 + lowest + shift(x)];
      const crossing = Math.min(at(x, from - 1), at(x, to));
      for (let y = Math.max(0, from); y < Math.min(height, to); y++) {
        const over = level < asInk ? (values[y * width + x] - level) / (1 - level) : 0;
        values[y * width + x] = Math.max(0, over, crossing);
      }
    }
  }
  return { width, height, values };
}

/** The slope at which most rows are dark nearly from side to side; undefined where none is. */
function slopeOfLines({ width, height, values }: Plane, least: number): number | undefined {
  const cell = Math.max(1, Math.floor(Math.max(width, height) / lineCells));
  const columns = Math.floor(width / cell);
  const marks: number[] = [];
  for (let column = 0; column < columns; column++) {
    const x = column * cell;
    for (let y = 0; y < height; y++) if (values[y * width + x] >= least) marks.push(column, y);
  }
  let [best, slope] = [0, undefined as number | undefined];
  const margin = Math.ceil(mostSlope * width);
  const counts = new Uint32Array(height + 2 * margin);
  for (let step = 0; step <= (2 * mostSlope) / slopeStep; step++) {
    // Level lines first: 0, 1, -1, 2, -2 and so on.
    const trial = slopeStep * (step % 2 ? 1 : -1) * Math.ceil(step / 2);
    counts.fill(0);
    for (let at = 0; at < marks.length; at += 2) {
      const x = marks[at] * cell;
      counts[marks[at + 1] - Math.round(trial * (x - width / 2)) + margin]++;
    }
    let score = 0;
    for (const count of counts) if (count >= leastCover * columns) score += count;
    if (score > best) [best, slope] = [score, trial];
  }
  return slope;
}

/** Rows become columns. */
function turned({ width, height, values }: Plane): Plane {
  const turnedValues = new Float32Array(values.length);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) turnedValues[x * height + y] = values[pixel];
  }
  return { width: height, height: width, values: turnedValues };
}
