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
