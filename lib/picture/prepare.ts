import { imagePixels, imageSize } from '../data/digits';

/** A file or bytes in which no digit can be seen; the message says what was found and what to do. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** Numbers laid out as an image, row-major. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** The rows and columns that something takes up; right and bottom are the first beyond it. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Pixels that touch each other. */
interface Piece {
  readonly pixels: readonly number[];
  readonly box: Box;
}

/** Side of the box that MNIST's authors fitted each digit into, in pixels. */
const digitSize = 20;

/** The share of width and height, at each side, where paper is expected. */
const rimShare = 0.05;

/** The shares of full ink from which a pixel is ink, and from which one beside ink is its edge. */
const inkShare = 0.5;

const edgeShare = 0.25;

/** The least contrast of ink: as a share of the way from paper to black or white, and in noise. */
const leastContrast = 0.04;

const leastSigmas = 5;

/** Ink shorter than this many pixels is a speck, and more pieces than this are no digit. */
const leastLength = 4;

const mostPieces = 60;

/** A picture is not halved to get rid of noise when its longer side is below this. */
const leastHalved = 128;

/**
 * The range of stroke widths of a digit 20 pixels long, as measured by {@link fitStrokes}.
 *
 * Of MNIST's training digits, enlarged tenfold, 1 % are thinner and 4 % thicker. The values were
 * chosen on validation digits, for which a network's log-loss hardly changes near them.
 */
const [thinnest, thickest] = [1.5, 4];

/** Cells to a pixel of the result, on the grid where strokes are thickened or thinned. */
const cellsPerPixel = 8;

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
  return center(fitStrokes(findDigit(inkContrast(toTones(rgba, width, height, name)), name)));
}

/** Fills in a transparent ground, and puts colors on one axis from 0 to 255. */
function toTones(rgba: Uint8Array, width: number, height: number, name: string): Plane {
  const count = width * height;
  let mostAlpha = 0;
  for (let at = 3; at < rgba.length; at += 4) mostAlpha = Math.max(mostAlpha, rgba[at]);
  if (mostAlpha === 0) throw blank(name, 'a picture that is transparent all over');
  const isVisible = (pixel: number) => 2 * rgba[4 * pixel + 3] >= mostAlpha;
  let ground = borderColor(rgba, width, height, isVisible);
  let [visible, others] = [0, 0];
  for (let pixel = 0; pixel < count; pixel++) {
    if (!isVisible(pixel)) continue;
    visible++;
    if (ground.some((tone, c) => Math.abs(rgba[4 * pixel + c] - tone) > 64)) others++;
  }
  // Where all that is visible has one tone, it is ink without paper, and its border is ink too.
  if (visible < count && others < 0.002 * visible) {
    ground = ground.map(() => (ground[0] + ground[1] + ground[2] < 3 * 128 ? 255 : 0));
  }

  const distances = new Float32Array(3 * count);
  for (let pixel = 0; pixel < count; pixel++) {
    const opacity = rgba[4 * pixel + 3] / 255;
    for (let c = 0; c < 3; c++) {
      distances[3 * pixel + c] = opacity * (rgba[4 * pixel + c] - ground[c]);
    }
  }
  const axis = mainAxis(distances);
  const paper = 127.5 + dot(axis, [ground[0] - 127.5, ground[1] - 127.5, ground[2] - 127.5]);
  const values = new Float32Array(count);
  for (let pixel = 0, at = 0; pixel < count; pixel++, at += 3) {
    values[pixel] =
      paper + axis[0] * distances[at] + axis[1] * distances[at + 1] + axis[2] * distances[at + 2];
  }
  return { width, height, values };
}

/** The median red, green and blue at the border of what is visible. */
function borderColor(
  rgba: Uint8Array,
  width: number,
  height: number,
  isVisible: (pixel: number) => boolean,
): number[] {
  const histograms = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (!isVisible(pixel)) continue;
      const isInside =
        !inRim(x, y, width, height) &&
        isVisible(pixel - 1) &&
        isVisible(pixel + 1) &&
        isVisible(pixel - width) &&
        isVisible(pixel + width);
      if (!isInside) histograms.forEach((tones, c) => tones[rgba[4 * pixel + c]]++);
    }
  }
  return histograms.map(medianBin);
}

/** The weights of red, green and blue, their sizes adding up to 1, in which colors differ most. */
function mainAxis(distances: Float32Array): number[] {
  const moments = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => {
      let moment = 0;
      for (let at = 0; at < distances.length; at += 3) {
        moment += distances[at + row] * distances[at + column];
      }
      return moment;
    }),
  );
  // Power iteration, from the column of the channel that differs most: never across the axis.
  let axis = moments.reduce((best, row, c) => (row[c] > Math.max(...best) ? row : best));
  if (sum(axis.map(Math.abs)) === 0) return [1 / 3, 1 / 3, 1 / 3];
  for (let round = 0; round < 32; round++) {
    const next = moments.map((row) => dot(row, axis));
    const size = sum(next.map(Math.abs));
    axis = next.map((weight) => weight / size);
  }
  return axis;
}

/** Says of each pixel how far it is from paper (0) to black or white (1), whichever the ink is. */
function inkContrast({ width, height, values }: Plane): Plane {
  const paper = paperSurface({ width, height, values });
  let cubes = 0;
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const difference = values[pixel] - paper(x, y);
      cubes += difference * difference * difference;
    }
  }
  const contrasts = new Float32Array(values.length);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const tone = paper(x, y);
      // Less light leaves less contrast, in proportion; where it is nearly dark, only noise.
      const range = Math.max(32, cubes < 0 ? tone : 255 - tone);
      contrasts[pixel] = (Math.sign(cubes) * (values[pixel] - tone)) / range;
    }
  }
  return { width, height, values: contrasts };
}

/**
 * Fits the light on the paper as a quadratic surface through the mean tones of tiles.
 *
 * Iteratively reweighted least squares, starting from the median of the rim, where paper is
 * expected: tiles with ink are far from the surface and lose their weight.
 */
function paperSurface({ width, height, values }: Plane): (x: number, y: number) => number {
  const tile = Math.ceil(Math.max(width, height) / 48);
  const [columns, rows] = [Math.ceil(width / tile), Math.ceil(height / tile)];
  const totals = new Float64Array(columns * rows);
  const counts = new Float64Array(columns * rows);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const at = Math.floor(y / tile) * columns + Math.floor(x / tile);
      totals[at] += values[pixel];
      counts[at]++;
    }
  }
  // Rows of six terms of the surface, one after the other: this is the longest loop of a reading.
  const terms = new Float64Array(6 * totals.length);
  const tones = new Float64Array(totals.length);
  const rim: number[] = [];
  for (let at = 0; at < totals.length; at++) {
    const [x, y] = [at % columns, Math.floor(at / columns)];
    const [u, v] = [(2 * x + 1) / columns - 1, (2 * y + 1) / rows - 1];
    terms.set([1, u, v, u * u, u * v, v * v], 6 * at);
    tones[at] = totals[at] / counts[at];
    if (inRim(x, y, columns, rows)) rim.push(at);
  }
  let surface = [median(rim.map((at) => tones[at])), 0, 0, 0, 0, 0];
  const missOf = (at: number) => {
    let tone = 0;
    for (let term = 0; term < 6; term++) tone += terms[6 * at + term] * surface[term];
    return tones[at] - tone;
  };
  for (let round = 0; round < 20; round++) {
    const scale = 4 + 2 * Math.min(32, 1.4826 * median(rim.map((at) => Math.abs(missOf(at)))));
    const equations = surface.map(() => new Array<number>(surface.length + 1).fill(0));
    for (let at = 0; at < tones.length; at++) {
      const miss = missOf(at) / scale;
      const weight = 1 / (1 + miss * miss) / (1 + miss * miss);
      for (let row = 0; row < 6; row++) {
        const weighted = weight * terms[6 * at + row];
        for (let column = 0; column < 6; column++) {
          equations[row][column] += weighted * terms[6 * at + column];
        }
        equations[row][6] += weighted * tones[at];
      }
    }
    // Too little to be seen, this gives an answer where a single row or column has no slope.
    equations.forEach((equation, row) => (equation[row] += 1e-6 * tones.length));
    const before = surface;
    surface = solve(equations);
    if (surface.every((value, term) => Math.abs(value - before[term]) < 1e-6)) break;
  }
  const [a, b, c, d, e, f] = surface;
  return (x, y) => {
    const u = (2 * x + 1) / (columns * tile) - 1;
    const v = (2 * y + 1) / (rows * tile) - 1;
    return a + u * (b + d * u + e * v) + v * (c + f * v);
  };
}

/**
 * Finds the ink and crops to it: 0 is paper, 1 full ink.
 *
 * Where there is none, noise may hide it: it is looked for at half the size, where noise is half
 * as strong.
 */
function findDigit(contrast: Plane, name: string): Plane {
  let found = findInk(contrast);
  for (let plane = contrast; typeof found === 'string'; found = findInk(plane)) {
    if (Math.max(plane.width, plane.height) < leastHalved) throw blank(name, found);
    plane = halve(plane);
  }
  return crop(found);
}

function halve({ width, height, values }: Plane): Plane {
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const halved = new Float32Array(half.width * half.height);
  for (let y = 0, at = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++, at++) {
      const [right, below] = [Math.min(width - 1, 2 * x + 1), Math.min(height - 1, 2 * y + 1)];
      const upper = values[2 * y * width + 2 * x] + values[2 * y * width + right];
      const lower = values[below * width + 2 * x] + values[below * width + right];
      halved[at] = (upper + lower) / 4;
    }
  }
  return { ...half, values: halved };
}

/** Gives the ink in the whole picture, 0 to 1, or says what there is instead. */
function findInk(contrast: Plane): Plane | string {
  const { width, height, values } = contrast;
  const noise = noiseLevel(contrast);
  const floor = Math.max(leastContrast, leastSigmas * noise);
  const full = fullInk(values, floor);
  if (full === 0) return 'one tone all over, or nothing that stands out from noise';
  const all = findPieces(contrast, Math.max(floor, inkShare * full));
  const digit = withoutSpecks(all, contrast);
  if (digit.length === 0) return 'ink only along the border';
  const length = longSide(digit.map(({ box }) => box).reduce(union));
  if (length < leastLength || digit.length > mostPieces) return 'specks and nothing larger';

  const unit = length / digitSize;
  const even = evenOut(contrast, all, unit);
  let front = digit.flatMap(({ pixels }) => pixels);
  const fullHere = fullInk(
    Float32Array.from(front, (pixel) => even[pixel]),
    0,
  );
  const edge = Math.max(edgeShare * fullHere, 3 * noise);
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

/** Finds the pixels from `least` up that touch each other, by a side or a corner. */
function findPieces(plane: Plane, least: number): Piece[] {
  const { width, values } = plane;
  const isFound = new Uint8Array(values.length);
  const pieces: Piece[] = [];
  for (let first = 0; first < values.length; first++) {
    if (isFound[first] || values[first] < least) continue;
    isFound[first] = 1;
    const pixels = [first];
    // The list grows while it is walked.
    for (const pixel of pixels) {
      forNeighbors(pixel, plane, (neighbor) => {
        if (isFound[neighbor] || values[neighbor] < least) return;
        isFound[neighbor] = 1;
        pixels.push(neighbor);
      });
    }
    pieces.push({ pixels, box: boxOf(pixels, width) });
  }
  return pieces;
}

/**
 * Keeps the pieces of the digit: the largest, what is near it, and what is not much smaller.
 *
 * A piece that stays in the rim is a frame, the edge of a table or a shadow.
 */
function withoutSpecks(pieces: readonly Piece[], { width, height }: Plane): Piece[] {
  const candidates = pieces
    .filter(({ pixels }) => {
      const inside = pixels.filter((p) => !inRim(p % width, Math.floor(p / width), width, height));
      return inside.length > 0.1 * pixels.length;
    })
    .sort((one, other) => other.pixels.length - one.pixels.length);
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

/** Subtracts from each pixel the mean of the paper near it; `unit` is a pixel of the result. */
function evenOut(
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

/** Prepares sums over the squares that reach `reach` pixels to each side of a pixel. */
function boxSums({ width, height, values }: Plane): (pixel: number, reach: number) => number {
  const stride = width + 1;
  const above = new Float64Array(stride * (height + 1));
  for (let y = 0, pixel = 0; y < height; y++) {
    let row = 0;
    for (let x = 1; x <= width; x++, pixel++) {
      row += values[pixel];
      above[(y + 1) * stride + x] = above[y * stride + x] + row;
    }
  }
  return (pixel, reach) => {
    const x = pixel % width;
    const y = (pixel - x) / width;
    const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
    const top = Math.max(0, y - reach) * stride;
    const bottom = Math.min(height, y + reach + 1) * stride;
    return above[bottom + right] - above[bottom + left] - above[top + right] + above[top + left];
  };
}

/**
 * Thickens or thins strokes that are out of MNIST's range.
 *
 * On a grid with 8 cells to a pixel of the result, in which each cell has the most ink of its
 * pixels, so that a hairline is not lost. Strokes of length l and width w have the area l w, and
 * l (w + 2 r) when r wider on both sides: this gives w, whatever the strokes' shape.
 */
function fitStrokes(digit: Plane): Plane {
  const scale = (digitSize * cellsPerPixel) / Math.max(digit.width, digit.height);
  const [columns, rows] = [spans(digit.width, scale), spans(digit.height, scale)];
  const cells = new Float32Array(columns.length * rows.length);
  rows.forEach(([top, bottom], row) => {
    columns.forEach(([left, right], column) => {
      let most = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          most = Math.max(most, digit.values[y * digit.width + x]);
        }
      }
      cells[row * columns.length + column] = most;
    });
  });
  const size = { width: columns.length, height: rows.length };
  // Soft edges would count differently in pictures of different sizes.
  const sharpened = cells.map((ink) => (ink >= inkShare ? 1 : 0));
  const reach = cellsPerPixel / 2;
  const area = sum(sharpened);
  const growth = sum(widen({ ...size, values: sharpened }, reach).values) - area;
  const width = (2 * reach * area) / growth / cellsPerPixel;
  const wanted = Math.min(thickest, Math.max(thinnest, width));
  if (wanted === width) return digit;
  // A hairline between two rows of pixels covers half of each, and is full ink all the same.
  const gain = wanted > width ? 2 : 1;
  const values = cells.map((ink) => Math.min(1, gain * ink));
  // The digit grows with its strokes, and is scaled to 20 pixels after that.
  const change = (wanted - width) / (1 - wanted / digitSize);
  return crop(widen({ ...size, values }, (change / 2) * cellsPerPixel));
}

/** Which pixels the cells of a grid overlap, along one axis: from, and up to but without. */
function spans(size: number, scale: number): [from: number, to: number][] {
  const cells = Math.max(1, Math.round(size * scale));
  return Array.from({ length: cells }, (_, cell) => [
    Math.floor((cell * size) / cells),
    Math.ceil(((cell + 1) * size) / cells),
  ]);
}

/** Gives each cell the most ink within `reach` of it; with a negative reach, the least. */
function widen({ width, height, values }: Plane, reach: number): Plane {
  const radius = Math.floor(Math.abs(reach));
  const margin = reach > 0 ? radius : 0;
  const wide = { width: width + 2 * margin, height: height + 2 * margin };
  // With paper around, so that no cell has to be asked whether it is inside.
  const stride = wide.width + 2 * radius;
  const padded = new Float32Array(stride * (wide.height + 2 * radius));
  const inset = margin + radius;
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width, (y + 1) * width);
    padded.set(row, (y + inset) * stride + inset);
  }
  const halves = Array.from({ length: 2 * radius + 1 }, (_, row) => {
    return Math.floor(Math.sqrt(reach * reach - (row - radius) ** 2));
  });
  const widened = new Float32Array(wide.width * wide.height);
  for (let y = 0, cell = 0; y < wide.height; y++) {
    for (let x = 0; x < wide.width; x++, cell++) {
      let picked = reach > 0 ? 0 : 1;
      for (let row = 0; row <= 2 * radius; row++) {
        const middle = (y + row) * stride + x + radius;
        for (let at = middle - halves[row]; at <= middle + halves[row]; at++) {
          const value = padded[at];
          if (reach > 0 ? value > picked : value < picked) picked = value;
        }
      }
      widened[cell] = picked;
    }
  }
  return { ...wide, values: widened };
}

/** Scales a digit to 20 pixels and puts its center of mass in the middle of 28 x 28. */
function center(digit: Plane): Float32Array {
  const scale = digitSize / Math.max(digit.width, digit.height);
  const [columns, rows] = [windows(digit.width, scale), windows(digit.height, scale)];
  const small = rows.map((row) =>
    columns.map((column) => {
      let ink = 0;
      for (const [y, rowWeight] of row) {
        for (const [x, weight] of column) {
          ink += rowWeight * weight * digit.values[y * digit.width + x];
        }
      }
      return ink;
    }),
  );
  const offset = (profile: readonly number[]) => {
    const mean = sum(profile.map((ink, at) => at * ink)) / sum(profile);
    const middle = Math.round(imageSize / 2 - mean);
    return Math.min(imageSize - profile.length, Math.max(0, middle));
  };
  const top = offset(small.map(sum));
  const left = offset(columns.map((_, x) => sum(small.map((row) => row[x]))));
  const most = Math.max(...small.flat());
  const image = new Float32Array(imagePixels);
  small.forEach((row, y) => {
    row.forEach((ink, x) => (image[(top + y) * imageSize + left + x] = ink / most));
  });
  return image;
}

/**
 * Which pixels make each pixel of the scaled digit, along one axis, each with its weight.
 *
 * The mean over a pixel of the result; where that is smaller than a pixel of the digit, the mean
 * over one of those, which is linear interpolation.
 */
function windows(size: number, scale: number): [pixel: number, weight: number][][] {
  // A rounding error must not add a pixel.
  const count = Math.max(1, Math.ceil(size * scale - 1e-6));
  const width = Math.max(1, 1 / scale);
  return Array.from({ length: count }, (_, index) => {
    const middle = size / 2 + (index + 0.5 - count / 2) / scale;
    const [from, to] = [middle - width / 2, middle + width / 2];
    const window: [number, number][] = [];
    for (let pixel = Math.max(0, Math.floor(from)); pixel < Math.min(size, to); pixel++) {
      window.push([pixel, (Math.min(pixel + 1, to) - Math.max(pixel, from)) / width]);
    }
    return window;
  });
}

/** Cuts away all around that has no ink. */
function crop({ width, values }: Plane): Plane {
  const inked: number[] = [];
  values.forEach((ink, pixel) => ink > 0 && inked.push(pixel));
  const { left, top, right, bottom } = boxOf(inked, width);
  const cropped = new Float32Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const row = values.subarray(y * width + left, y * width + right);
    cropped.set(row, (y - top) * (right - left));
  }
  return { width: right - left, height: bottom - top, values: cropped };
}

function forNeighbors(
  pixel: number,
  { width, height }: Plane,
  visit: (neighbor: number) => void,
): void {
  const x = pixel % width;
  const y = (pixel - x) / width;
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
      visit(row * width + column);
    }
  }
}

function inRim(x: number, y: number, width: number, height: number): boolean {
  const across = Math.max(1, Math.round(rimShare * width));
  const down = Math.max(1, Math.round(rimShare * height));
  return x < across || x >= width - across || y < down || y >= height - down;
}

function boxOf(pixels: readonly number[], width: number): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  for (const pixel of pixels) {
    const x = pixel % width;
    const y = (pixel - x) / width;
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + 1);
    bottom = Math.max(bottom, y + 1);
  }
  return { left, top, right, bottom };
}

function union(one: Box, other: Box): Box {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

function gap(one: Box, other: Box): number {
  const across = Math.max(0, one.left - other.right, other.left - one.right);
  const down = Math.max(0, one.top - other.bottom, other.top - one.bottom);
  return Math.hypot(across, down);
}

function longSide({ left, top, right, bottom }: Box): number {
  return Math.max(right - left, bottom - top);
}

/** Solves n linear equations, each n factors and a right side, by Gauss-Jordan elimination. */
function solve(equations: number[][]): number[] {
  equations.forEach((pivotal, pivot) => {
    equations.forEach((equation, row) => {
      if (row === pivot) return;
      const factor = equation[pivot] / pivotal[pivot];
      pivotal.forEach((value, column) => (equation[column] -= factor * value));
    });
  });
  return equations.map((equation, row) => equation[equations.length] / equation[row]);
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((total, value, index) => total + value * other[index], 0);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The upper median; 0 of nothing. */
function median(values: readonly number[]): number {
  return Float64Array.from(values).sort()[values.length >> 1] ?? 0;
}

/** The highest bin such that it and those above it have half of the weight; 0 without weight. */
function medianBin(weights: Uint32Array | Float64Array): number {
  const half = sum(weights) / 2;
  let above = 0;
  for (let bin = weights.length - 1; bin > 0; bin--) {
    above += weights[bin];
    if (above >= half && above > 0) return bin;
  }
  return 0;
}

/** Makes the error of a picture: what is wrong with it and what to do. */
export function problem(
  name: string,
  found: string,
  expected: string,
  remedy: string,
  cause?: unknown,
) {
  return new PictureError(`${name}: found ${found}; expected ${expected}. ${remedy}`, { cause });
}

function blank(name: string, found: string): PictureError {
  const remedy =
    'Use a picture with more contrast, or cut out the digit with some paper around it.';
  return problem(name, found, 'a digit in another tone than the paper', remedy);
}
