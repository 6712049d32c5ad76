import { imagePixels, imageSize } from '../data/digits';
import { inkShare } from './ink';
import { crop, sum, type Plane } from './plane';

/** Side of the box that MNIST's authors fitted each digit into, in pixels. */
export const digitSize = 20;

/**
 * The range of stroke widths of a digit 20 pixels long, as measured by {@link fitStrokes}.
 *
 * Of MNIST's training digits, enlarged tenfold, 1 % are thinner and 4 % thicker. The values were
 * chosen on validation digits, for which a network's log-loss hardly changes near them.
 */
const [thinnest, thickest] = [1.5, 4];

/** Cells to a pixel of the result, on the grid where strokes are thickened or thinned. */
const cellsPerPixel = 8;

/**
 * Thickens or thins strokes that are out of MNIST's range.
 *
 * On a grid with 8 cells to a pixel of the result, in which each cell has the most ink of its
 * pixels, so that a hairline is not lost. Strokes of length l and width w have the area l w, and
 * l (w + 2 r) when r wider on both sides: this gives w, whatever the strokes' shape.
 */
export function fitStrokes(digit: Plane): Plane {
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
export function center(digit: Plane): Float32Array {
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
