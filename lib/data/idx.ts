import { gunzipSync } from 'node:zlib';

/** The images of one IDX file. */
export interface IdxImages {
  /** How many images, from 1. */
  readonly count: number;
  /** Height of each image in pixels. */
  readonly rows: number;
  /** Width of each image in pixels. */
  readonly columns: number;
  /** `count * rows * columns` pixels from 0 to 255, row-major, one image after the other. */
  readonly pixels: Uint8Array;
}

const imagesMagic = 2051;
const labelsMagic = 2049;
const kinds = new Map([
  [imagesMagic, 'IDX images'],
  [labelsMagic, 'IDX labels'],
]);

/**
 * Gives the bytes inside a file that may or may not be gzip'd.
 *
 * @param bytes - The file, raw or gzip'd (told apart by gzip's first two bytes).
 * @param file - The file's name, for error messages.
 * @returns The unpacked bytes; a view of `bytes` when it is not gzip'd.
 * @throws Error when the file is an HTML page or when the gzip data is damaged.
 */
export function unpack(bytes: Uint8Array, file: string): Uint8Array {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const unpacked = isGzip ? gunzip(bytes, file) : bytes;
  const start = Buffer.from(unpacked.subarray(0, 200)).toString('utf8');
  if (/^\ufeff?\s*<(!doctype|!--|html|head|body|\?xml)/i.test(start)) {
    const found = 'an HTML or XML page, such as an error or log-in page saved in its place';
    throw problem(file, 0, 'binary data', found, 'Get the file again from a source that has it.');
  }
  // Not a Buffer, whose slice() is a view where a Uint8Array's is a copy.
  return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
}

/**
 * Reads a file of images in MNIST's IDX format.
 *
 * Nothing is trusted before it is checked: magic number, sizes and the exact length. Byte offsets
 * in error messages count unpacked bytes. The format is described on Yann LeCun's MNIST page.
 *
 * @param bytes - The whole file, raw or gzip'd.
 * @param file - The file's name, for error messages.
 * @returns The images; `pixels` is a view into the unpacked bytes.
 * @throws Error when the bytes are anything else than one or more whole images.
 */
export function readImages(bytes: Uint8Array, file: string): IdxImages {
  const idx = unpack(bytes, file);
  const [count, rows, columns] = readHeader(idx, file, imagesMagic, ['images', 'rows', 'columns']);
  return { count, rows, columns, pixels: idx.subarray(16) };
}

/**
 * Reads a file of labels in MNIST's IDX format, checked as by {@link readImages}.
 *
 * @param bytes - The whole file, raw or gzip'd.
 * @param file - The file's name, for error messages.
 * @param classCount - How many classes there are; every label is below it. Default 10.
 * @returns One label per image, from 0 to `classCount - 1`, a view into the unpacked bytes.
 * @throws Error when the bytes are anything else than one or more labels of these classes.
 */
export function readLabels(bytes: Uint8Array, file: string, classCount = 10): Uint8Array {
  const idx = unpack(bytes, file);
  readHeader(idx, file, labelsMagic, ['labels']);
  const labels = idx.subarray(8);
  const wrong = labels.findIndex((label) => label >= classCount);
  if (wrong >= 0) {
    const expected = `a whole number from 0 to ${classCount - 1}`;
    const remedy = `Use a data set of ${classCount} classes, numbered from 0.`;
    throw problem(file, 8 + wrong, expected, `labels[${wrong}] = ${labels[wrong]}`, remedy);
  }
  return labels;
}

function gunzip(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    const found = `damaged gzip data (${(error as Error).message})`;
    throw problem(file, 0, 'a whole gzip file', found, 'Get the file again.');
  }
}

/** Checks magic number, sizes (named by `axes`, slowest first) and length; gives the sizes. */
function readHeader(
  idx: Uint8Array,
  file: string,
  magic: number,
  axes: readonly string[],
): number[] {
  const headerBytes = 4 + 4 * axes.length;
  const getAgain = 'The file is cut off, padded or another one: get it again.';
  const view = new DataView(idx.buffer, idx.byteOffset, idx.byteLength);
  if (idx.length >= 4 && view.getUint32(0) !== magic) {
    const expected = `magic number ${magic} (${kinds.get(magic)})`;
    const found = `${view.getUint32(0)} (${kinds.get(view.getUint32(0)) ?? 'unknown'})`;
    const remedy = 'Check that the files were not swapped or renamed, or get them again.';
    throw problem(file, 0, expected, found, remedy);
  }
  if (idx.length < headerBytes) {
    const expected = `a header of ${headerBytes} bytes`;
    throw problem(file, idx.length, expected, `the end after ${idx.length} bytes`, getAgain);
  }
  const sizes = axes.map((axis, index) => {
    const size = view.getUint32(4 + 4 * index);
    if (size === 0) {
      throw problem(file, 4 + 4 * index, `one or more ${axis}`, `0 ${axis}`, getAgain);
    }
    return size;
  });
  const length = sizes.reduce((product, size) => product * size, 1) + headerBytes;
  if (idx.length !== length) {
    const expected = `${length} bytes (the header says ${sizes.join(' x ')})`;
    const place = Math.min(idx.length, length);
    throw problem(file, place, expected, `${idx.length} bytes`, getAgain);
  }
  return sizes;
}

function problem(file: string, byte: number, expected: string, found: string, remedy: string) {
  return new Error(`${file}, byte ${byte}: found ${found}; expected ${expected}. ${remedy}`);
}
