import { inRim, median, type Plane } from './plane';

/** Sides of the square that paper holds and strokes do not, in lengths of the picture. */
const paperShares = [0.12, 0.18, 0.25];

/** A picture shorter than this many pixels leaves little paper beside the digit: the widest is taken. */
const smallPicture = 64;

/** A square is wide enough for the strokes when it shows this much of what the widest shows. */
const shownShare = 0.85;

/** With more light ink than this share in the rim, it may be lit paper. */
const muchInRim = 0.1;

/** Cells of the grid on which paper is looked for, along the longer side. */
const cells = 350;

/** Cells of the grid on which the light on it is fitted. */
const coarseCells = 48;

/** A picture whose ink is known to be the darker or the lighter part. */
export interface InkContrast {
  /** How far each pixel is from paper (0) to full ink (1). */
  readonly contrast: Plane;
  /** The tones, turned round where ink is light, so that it is dark. */
  readonly tones: Plane;
}

/**
 * Says of each pixel how far it is from paper (0) to black or white (1), whichever the ink is.
 *
 * Paper is what is left when all is filled in that is too narrow for a square: strokes are, shadows
 * and tables are wider and stay. The square is not much wider than the strokes, since a wide one
 * would take the shadow in a loop for ink.
 */
export function inkContrast(tones: Plane, isDark = isInkDark(tones)): InkContrast {
  if (isDark) return { contrast: contrastOn(tones), tones };
  const inverted = { ...tones, values: tones.values.map((tone) => 255 - tone) };
  const contrast = contrastOn(inverted);
  const light = { contrast, tones: inverted };
  if (shareInRim(contrast) < muchInRim) return light;
  // Where a shadow covers more of the paper than light, the light part looks like light ink.
  const other = contrastOn(tones);
  return shareInRim(other) < shareInRim(contrast) / 2 ? { contrast: other, tones } : light;
}

/** The contrast with paper of what is darker. */
function contrastOn(tones: Plane): Plane {
  const { width, height, values } = tones;
  const tile = Math.ceil(Math.max(width, height) / cells);
  const grid = tileMeans(tones, tile);
  const fill = paperUnder(grid);
  const contrasts = new Float32Array(values.length);
  for (let y = 0, pixel = 0; y < height; y++) {
    const row = Math.floor(y / tile) * grid.width;
    for (let x = 0; x < width; x++, pixel++) {
      const paper = fill[row + Math.floor(x / tile)];
      contrasts[pixel] = contrastOf(values[pixel], paper);
    }
  }
  // The fill is as light as the lightest noise.
  const stride = Math.ceil(values.length / 10_000);
  const noise = median(contrasts.filter((_, pixel) => pixel % stride === 0));
  for (let pixel = 0; pixel < contrasts.length; pixel++) contrasts[pixel] -= noise;
  return { width, height, values: contrasts };
}

/** How much of what is seen, in cubes of its contrast, is in the rim, where paper is expected. */
function shareInRim({ width, height, values }: Plane): number {
  let [rim, all] = [0, 0];
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const cubes = Math.max(0, values[pixel]) ** 3;
      all += cubes;
      if (inRim(x, y, width, height)) rim += cubes;
    }
  }
  return all === 0 ? 0 : rim / all;
}

/** Less light leaves less contrast, in proportion; where it is nearly dark, only noise. */
function contrastOf(tone: number, paper: number): number {
  return (paper - tone) / Math.max(32, paper);
}

/** Fills dark strokes in: with the smallest square that shows nearly all of them. */
function paperUnder(grid: Plane): Float32Array {
  const length = Math.max(grid.width, grid.height);
  const shares = length < smallPicture ? paperShares.slice(-1) : paperShares;
  const fills = shares.map((share) => {
    const reach = Math.ceil((share / 2) * length);
    return extreme(extreme(grid, reach, 1), reach, -1).values;
  });
  // Cubes, so that a faint wide shadow counts less than a dark thin line.
  const shown = fills.map((fill) =>
    fill.reduce((total, tone, cell) => total + contrastOf(grid.values[cell], tone) ** 3, 0),
  );
  const most = shown[shown.length - 1];
  return fills[shown.findIndex((cubes) => cubes >= shownShare * most)];
}

/** Ink is the fewer pixels that differ more from the light on the paper. */
function isInkDark(tones: Plane): boolean {
  const { width, height, values } = tones;
  const surface = paperSurface(tones);
  let cubes = 0;
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const difference = values[pixel] - surface(x, y);
      cubes += difference * difference * difference;
    }
  }
  return cubes < 0;
}

/** The highest (sign 1) or lowest (sign -1) value within `reach` of each pixel, in a square. */
function extreme(plane: Plane, reach: number, sign: 1 | -1): Plane {
  const { width, height } = plane;
  const across = new Float32Array(width * height);
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    slide(plane.values, across, { from: y * width, step: 1, count: width }, reach, sign);
  }
  for (let x = 0; x < width; x++) {
    slide(across, values, { from: x, step: width, count: height }, reach, sign);
  }
  return { width, height, values };
}

/** The extreme along one line of pixels: a queue holds those that no later one surpasses. */
function slide(
  values: Float32Array,
  into: Float32Array,
  { from, step, count }: { readonly from: number; readonly step: number; readonly count: number },
  reach: number,
  sign: 1 | -1,
): void {
  const queue = new Int32Array(count);
  let [first, end] = [0, 0];
  for (let place = 0; place < count + reach; place++) {
    if (place < count) {
      const value = sign * values[from + place * step];
      while (end > first && sign * values[from + queue[end - 1] * step] <= value) end--;
      queue[end++] = place;
    }
    const middle = place - reach;
    if (middle < 0) continue;
    while (queue[first] < middle - reach) first++;
    into[from + middle * step] = values[from + queue[first] * step];
  }
}

/** Means over squares of `tile` pixels. */
export function tileMeans({ width, height, values }: Plane, tile: number): Plane {
  const [columns, rows] = [Math.ceil(width / tile), Math.ceil(height / tile)];
  const totals = new Float32Array(columns * rows);
  const counts = new Float32Array(columns * rows);
  for (let y = 0, pixel = 0; y < height; y++) {
    const row = Math.floor(y / tile) * columns;
    for (let x = 0; x < width; x++, pixel++) {
      const at = row + Math.floor(x / tile);
      totals[at] += values[pixel];
      counts[at]++;
    }
  }
  return { width: columns, height: rows, values: totals.map((total, at) => total / counts[at]) };
}

/**
 * Fits the light on the paper as a quadratic surface through the mean tones of tiles.
 *
 * Iteratively reweighted least squares, starting from the median of the rim, where paper is
 * expected: tiles with ink are far from the surface and lose their weight.
 */
function paperSurface({ width, height, values }: Plane): (x: number, y: number) => number {
  const tile = Math.ceil(Math.max(width, height) / coarseCells);
  const {
    width: columns,
    height: rows,
    values: tones,
  } = tileMeans({ width, height, values }, tile);
  // Rows of six terms of the surface, one after the other: this is the longest loop of a reading.
  const terms = new Float64Array(6 * tones.length);
  const rim: number[] = [];
  for (let at = 0; at < tones.length; at++) {
    const [x, y] = [at % columns, Math.floor(at / columns)];
    const [u, v] = [(2 * x + 1) / columns - 1, (2 * y + 1) / rows - 1];
    terms.set([1, u, v, u * u, u * v, v * v], 6 * at);
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
