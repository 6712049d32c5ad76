import { heightOf, type Group } from './rows';
import { boxOf } from './plane';

/** Digits as wide as this, in heights, are likely two; from the first on they may be. */
export const [mayTouch, likelyTouch] = [0.75, 1.25];

/**
 * Cuts what may be two digits in two, where the least ink is in the way.
 *
 * The cut runs from top to bottom through the middle half, moving sideways by at most one pixel a
 * row.
 *
 * @returns The left and the right part; undefined where it is too narrow for two.
 */
export function inTwo({ pixels, box }: Group, width: number): [Group, Group] | undefined {
  const [across, down] = [box.right - box.left, heightOf(box)];
  if (across < mayTouch * down || across < 8) return undefined;
  const isInk = new Uint8Array(across * down);
  for (const pixel of pixels) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    isInk[(y - box.top) * across + x - box.left] = 1;
  }
  const [from, to] = [Math.floor(across / 4), Math.ceil((3 * across) / 4)];
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
