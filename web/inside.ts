/*
 * What does the network see in a digit? Shown where one asks for it.
 */
import { element, paintTones } from './elements';
import type { DigitReading } from './messages';

/** The panel with what the first layers make of a digit. */
export class InsidePanel {
  /** @param digit - The digit that the bars are of, if there is one. */
  show(digit: DigitReading | undefined): void {
    const layers = digit?.layers ?? [];
    const rows = layers.map(({ layer, width, maps }, at) => {
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      caption.textContent = `Convolution ${at + 1}: ${maps.length} maps (${layer})`;
      const row = document.createElement('div');
      row.className = 'maps';
      for (const map of maps) {
        const canvas = document.createElement('canvas');
        paintTones(canvas, map, width);
        row.append(canvas);
      }
      figure.append(caption, row);
      return figure;
    });
    element('maps').replaceChildren(...rows);
  }
}
