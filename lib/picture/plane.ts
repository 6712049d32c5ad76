/** Numbers laid out as an image, row-major. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** The rows and columns that something takes up; right and bottom are the first beyond it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The share of width and height, at each side, where paper is expected. */
const rimShare = 0.05;

/** Cuts away all around that has no ink. */
export function crop({ width, values }: Plane): Plane {
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

export function halve({ width, height, values }: Plane): Plane {
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

/** Prepares sums over the squares that reach `reach` pixels to each side of a pixel. */
export function boxSums({
  width,
  height,
  values,
}: Plane): (pixel: number, reach: number) => number {
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

/** Visits the pixels that are at most `reach` pixels away, to the side and down, and itself. */
export function forNeighbors(
  pixel: number,
  { width, height }: Plane,
  reach: number,
  visit: (neighbor: number) => void,
): void {
  const x = pixel % width;
  const y = (pixel - x) / width;
  for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
    for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); column++) {
      visit(row * width + column);
    }
  }
}

export function inRim(x: number, y: number, width: number, height: number): boolean {
  const across = Math.max(1, Math.round(rimShare * width));
  const down = Math.max(1, Math.round(rimShare * height));
  return x < across || x >= width - across || y < down || y >= height - down;
}

export function boxOf(pixels: readonly number[], width: number): Box {
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

export function union(one: Box, other: Box): Box {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

export function gap(one: Box, other: Box): number {
  const across = Math.max(0, one.left - other.right, other.left - one.right);
  const down = Math.max(0, one.top - other.bottom, other.top - one.bottom);
  return Math.hypot(across, down);
}

export function longSide({ left, top, right, bottom }: Box): number {
  return Math.max(right - left, bottom - top);
}

export function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((total, value, index) => total + value * other[index], 0);
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The upper median; 0 of nothing. */
export function median(values: readonly number[] | Float32Array): number {
  return Float64Array.from(values).sort()[values.length >> 1] ?? 0;
}

/** The highest bin such that it and those above it have half of the weight; 0 without weight. */
export function medianBin(weights: Uint32Array | Float64Array): number {
  const half = sum(weights) / 2;
  let above = 0;
  for (let bin = weights.length - 1; bin > 0; bin--) {
    above += weights[bin];
    if (above >= half && above > 0) return bin;
  }
  return 0;
}
