/*
 * What of the page does the script move?
 */

/**
 * Gives an element of index.html.
 *
 * @throws Error when there is none of this id.
 */
export function element<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element #${id}`);
  return found as Kind;
}

/**
 * Paints tones in white on black, as MNIST's digits are.
 *
 * @param tones - 0 (none) to 255 (full), row-major.
 * @param width - Pixels of a row.
 */
export function paintTones(canvas: HTMLCanvasElement, tones: Uint8Array, width: number): void {
  const height = tones.length / width;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  const pixels = context.createImageData(width, height);
  tones.forEach((tone, pixel) => pixels.data.fill(tone, 4 * pixel, 4 * pixel + 3));
  for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = 255;
  context.putImageData(pixels, 0, 0);
}
