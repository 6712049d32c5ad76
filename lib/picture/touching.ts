import { heightOf, type Group } from './rows';
import { boxOf } from './plane';

/** From these widths on, in heights, it may be two digits, often is, and likely is. */
export const [mayTouch, oftenTouch, likelyTouch] = [0.75, 0.95, 1.25];

/** Where a cut runs, in widths: in the middle half, or in a part of it. */
const [middle, ...parts] = [
  [0.25, 0.75],
  [0.25, 0.45],
  [0.4, 0.6],
  [0.55, 0.75],
];

/** Cuts what may be two digits in two; in several ways where it often is, of which readings choose. */
export function waysInTwo(group: Group, width: number): [Group, Group][] {
  const isOften = group.box.right - group.box.left >= oftenTouch * heightOf(group.box);
  const ways: [Group, Group][] = [];
  for (const where of isOften ? [middle, ...parts] : [middle]) {
    const way = inTwo(group, width, where);
    if (way !== undefined) ways.push(way);
  }
  return ways;
}

/**
 * Cuts what may be two digits in two, where the least ink is in the way.
 *
 * The cut runs from top to bottom, moving sideways by at most one pixel a row.
 *
 * @param where - Where it may run, in widths from the left. @default the middle half
 * @returns The left and the right part; undefined where it is too narrow for two.
 */
export function inTwo(
  { pixels, box }: Group,
  width: number,
  where = middle,
): [Group, Group] | undefined {
  const [across, down] = [box.right - box.left, heightOf(box)];
  if (across < mayTouch * down || across < 8) return undefined;
  const isInk = new Uint8Array(across * down);
  for (const pixel of pixels) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    isInk[(y - box.top) * across + x - box.left] = 1;
  }
  const [from, to] = [Math.floor(where[0] * across), Math.ceil(where[1] * across)];
  // Off the middle it costs a little, so that of equal ways the one in the middle is taken.
  const cost = (x: number, y: number) =>
    isInk[y * across + x] + 0.05 * Math.abs((2 * x) / across - 1);
  const least = new Float32Array(across * down).fill(Infinity);
  for (let y = 0; y < down; y++) {
    for (let x = from; x < to; x++) {
      let before = y === 0 ? 0 : Infinity;
      for (let above = x - 1; y > 0 && above <= x + 1; above++) {
        if (above < from || above >= to) continue;
        // Ways aslant are longer.
        const way = least[(y - 1) * across + above] + (above === x ? 0 : 0.02);
        before = Math.min(before, way);
      }
      least[y * across + x] = before + cost(x, y);
    }
  }
  const cut = new Int32Array(down);
  const lowest = (y: number, first: number, end: number) => {
    let best = first;
    for (let x = first; x < end; x++)
      if (least[y * across + x] < least[y * across + best]) best = x;
    return best;
  };
  cut[down - 1] = lowest(down - 1, from, to);
  for (let y = down - 2; y >= 0; y--) {
    cut[y] = lowest(y, Math.max(from, cut[y + 1] - 1), Math.min(to, cut[y + 1] + 2));
  }
  const isLeft = (pixel: number) =>
    (pixel % width) - box.left < cut[Math.floor(pixel / width) - box.top];
  const [left, right] = [pixels.filter(isLeft), pixels.filter((pixel) => !isLeft(pixel))];
  if (left.length === 0 || right.length === 0) return undefined;
  const parts = [left, right].map((part) => ({ pixels: part, box: boxOf(part, width) }));
  const isEach = parts.every((part) => heightOf(part.box) >= 0.5 * down);
  return isEach ? [parts[0], parts[1]] : undefined;
}
