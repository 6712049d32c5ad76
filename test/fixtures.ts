import assert from 'node:assert/strict';
import type { DigitSet } from '../lib/data/digits';
import { palette, sequentialScale, type Figure } from '../lib/report/figure';

/** Six digits drawn by hand, 5 x 7 cells each: # is ink, + a softer edge. */
const drawings: readonly [label: number, rows: readonly string[]][] = [
  [0, [' +##+', '##+##', '#+ +#', '#   #', '#+ +#', '##+##', '+##+ ']],
  [1, ['  #  ', ' ##  ', '+ #  ', '  #  ', '  #  ', '  #  ', ' ### ']],
  [2, ['+###+', '#+ +#', '   +#', '  +# ', ' +#  ', '+#+  ', '#####']],
  [3, ['####+', '   +#', '   +#', ' ### ', '   +#', '   +#', '####+']],
  [5, ['#####', '#    ', '####+', '   +#', '    #', '#+ +#', '+###+']],
  [7, ['#####', '   +#', '   #+', '  +# ', '  #+ ', ' +#  ', ' #+  ']],
];

/** A digit as pixels 0..255 of a 28 x 28 image, with its label. */
export interface DrawnDigit {
  readonly label: number;
  readonly pixels: Uint8Array;
}

/** The six drawn digits, each cell 3 x 3 pixels, in the middle of the image. */
export const drawnDigits: readonly DrawnDigit[] = drawings.map(([label, rows]) => {
  const pixels = new Uint8Array(28 * 28);
  for (let y = 0; y < 21; y++) {
    for (let x = 0; x < 15; x++) {
      const cell = rows[Math.floor(y / 3)][Math.floor(x / 3)];
      pixels[(y + 4) * 28 + x + 7] = { '#': 255, '+': 128 }[cell] ?? 0;
    }
  }
  return { label, pixels };
});

/** Writes images of `rows` x `columns` pixels as an IDX file. */
export function idxImages(images: readonly Uint8Array[], rows = 28, columns = 28): Buffer {
  return Buffer.concat([header(2051, images.length, rows, columns), ...images]);
}

/** Writes labels as an IDX file. */
export function idxLabels(labels: readonly number[]): Buffer {
  return Buffer.concat([header(2049, labels.length), Buffer.from(labels)]);
}

function header(...words: number[]): Buffer {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, index) => bytes.writeUInt32BE(word, 4 * index));
  return bytes;
}

/** Writes a notebook for the tslab kernel, a cell of code for each source, none of them run yet. */
export function unexecutedNotebook(sources: readonly string[]): string {
  const kernelspec = { display_name: 'TypeScript', language: 'typescript', name: 'tslab' };
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    execution_count: null,
    id: `cell-${index}`,
    metadata: {},
    outputs: [],
    source,
  }));
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

/** The names of the ten digits. */
export const classNames = Array.from({ length: 10 }, (_, index) => String(index));

/** A name of sixty letters. */
export const sixtyLetters = 'a class whose name has exactly sixty letters, neither 59, 61';

/** A name of all that Plotly would take for something else. */
export const markupName = '<b>zero</b> <a href="x">&amp;</a> $x$ %{y}';

/** The same as Plotly has to be given it. */
export const escapedMarkupName =
  '&#60;b&#62;zero&#60;/b&#62; &#60;a href="x"&#62;&#38;amp;&#60;/a&#62; &#36;x&#36; &#37;{y}';

/** The six drawn digits as a set, several times over. */
export function drawnSet(times = 1): DigitSet {
  const digits = Array.from({ length: times }, () => drawnDigits).flat();
  return {
    images: Float32Array.from(
      digits.flatMap(({ pixels }) => [...pixels]),
      (ink) => ink / 255,
    ),
    labels: Uint8Array.from(digits, ({ label }) => label),
    count: digits.length,
  };
}

/** Every figure has titled axes, a size, a description, and no color from outside the palette. */
export function assertReadable({ data, layout, description }: Figure): void {
  const visible = [layout.xaxis, layout.yaxis].filter((axis) => axis?.visible !== false);
  assert.ok(visible.length > 0);
  for (const axis of visible) {
    assert.ok((axis?.title as { text: string }).text.length > 0);
  }
  assert.ok((layout.width as number) <= 900 && (layout.height as number) <= 900);
  assert.ok(description.length > 40);
  const allowed = new Set<string>(Object.values(palette));
  sequentialScale.forEach(([, color]) => allowed.add(color));
  const used = JSON.stringify(data).match(/#[0-9a-f]{6}/gi) ?? [];
  assert.deepEqual(
    used.filter((color) => !allowed.has(color)),
    [],
  );
}
