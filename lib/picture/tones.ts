import { blank } from './pictureError';
import { dot, inRim, medianBin, sum, type Plane } from './plane';

/** Fills in a transparent ground, and puts colors on one axis from 0 to 255. */
export function toTones(rgba: Uint8Array, width: number, height: number, name: string): Plane {
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
    for (let c = 0; c < 3; c++) {
      if (Math.abs(rgba[4 * pixel + c] - ground[c]) <= 64) continue;
      others++;
      break;
    }
  }
  // Where all that is visible has one tone, it is ink without paper, and its border is ink too.
  if (visible < count && others < 0.002 * visible) {
    ground = ground.map(() => (ground[0] + ground[1] + ground[2] < 3 * 128 ? 255 : 0));
  }

  const distances = new Float32Array(3 * count);
  let isGray = true;
  for (let pixel = 0; pixel < count; pixel++) {
    const opacity = rgba[4 * pixel + 3] / 255;
    for (let c = 0; c < 3; c++) {
      distances[3 * pixel + c] = opacity * (rgba[4 * pixel + c] - ground[c]);
      isGray &&= distances[3 * pixel + c] === distances[3 * pixel];
    }
  }
  const axis = isGray ? [1 / 3, 1 / 3, 1 / 3] : mainAxis(distances);
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
