import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { types } from 'node:util';
import sharp from 'sharp';
import { thousands } from '../platform/numbers';
import { PictureError, problem } from './pictureError';
import { prepareDigits, preparePicture, workingLength } from './prepare';
import type { Colors, PictureDigit } from './prepare';

/** The largest picture that is decoded, in pixels: more than most phones take. */
const mostPixels = 100_000_000;

/** A cut-off JPEG is read when at most this share of its pixels is lost. */
const mostLost = 0.03;

/**
 * Reads the digit in a picture into pixels such as networks on MNIST are trained on.
 *
 * Prepared as by MNIST's authors (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning
 * applied to document recognition", 1998, and the MNIST page): the ink is cropped, scaled with
 * anti-aliasing until its longer side is 20 pixels, and moved by whole pixels so that its center of
 * mass comes to the middle of 28 x 28. MNIST's own images, enlarged or not, come back much as they
 * were. Full ink is 1.
 *
 * What is ink has to be found first, in a PNG, JPEG or WebP of at most 100 megapixels:
 * - The EXIF orientation is applied; of an animation the first frame counts.
 * - Colors become the one gray in which they differ most from paper.
 * - Paper is what lies at the border (the median of the outer 5 %), so that light ink on dark paper
 *   and dark ink on light paper give the same. Ink on a transparent ground is put on black or white,
 *   whichever differs more; an opaque card on a transparent ground is its own paper.
 * - Uneven light is taken out: a quadratic surface through the paper of the whole picture, then the
 *   mean of the paper near each pixel, for shadows.
 * - Ink is what differs from paper by half as much as full ink does, with the softer edges around
 *   it. Specks, noise and lines along the border are dropped; detached strokes are kept.
 * - Strokes thinner than 1.5 or thicker than 4 pixels of the result, as few of MNIST's are, are
 *   thickened or thinned to that. This is not in the paper: a hairline would fade to nothing.
 *
 * A picture holds one digit, on paper that fills it: two digits would be scaled as if they were one.
 *
 * @param picture - Path of the file, or its bytes.
 * @returns Pixels of one 28 x 28 image, 0 (paper) to 1 (ink), row-major: 784 numbers.
 * @throws PictureError when there is no such file, when it is no PNG, JPEG or WebP, is damaged or
 * too large, and when nothing in it can be a digit.
 * @example const probabilities = await predict(model, await readPicture('seven.jpg'));
 */
export async function readPicture(picture: string | Uint8Array): Promise<Float32Array> {
  const name = typeof picture === 'string' ? picture : 'the picture';
  return preparePicture((await decode(await readBytes(picture, name), name)).colors, { name });
}

/**
 * Finds the digits in a picture of several, in reading order: a number, a date, the row of a form,
 * a column of answers. Each is prepared as {@link readPicture} does.
 *
 * Broken strokes are joined, what is too wide for one digit is cut in two; commas, points, dashes,
 * slashes, specks, ruled lines, boxes and the edges of the paper are left out. Letters are taken for
 * digits.
 *
 * @param picture - Path of the file, or its bytes.
 * @returns The digits, each with its box in pixels of the picture; none on blank or ruled paper.
 * @throws PictureError when the file cannot be read, as {@link readPicture} says, or more than 200
 * digits are in it.
 * @example const images = (await readDigits('number.jpg')).map(({ image }) => image);
 */
export async function readDigits(picture: string | Uint8Array): Promise<PictureDigit[]> {
  const name = typeof picture === 'string' ? picture : 'the picture';
  const { colors, scale } = await decode(await readBytes(picture, name), name);
  return prepareDigits(colors, { name }).map((digit) => enlarged(digit, scale));
}

function enlarged({ box, image, pairs }: PictureDigit, scale: number): PictureDigit {
  const [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom].map((place) =>
    Math.round(scale * place),
  );
  const larger = pairs.map((pair) => pair.map((half) => enlarged(half, scale)));
  return { box: { left, top, right, bottom }, image, pairs: larger };
}

const aPicture = 'a PNG, JPEG or WebP picture';

async function readBytes(picture: string | Uint8Array, name: string): Promise<Buffer> {
  if (types.isUint8Array(picture)) {
    return Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
  }
  if (typeof picture !== 'string') {
    throw problem(name, `a value of type ${typeof picture}`, 'a path or a Uint8Array', 'Pass one.');
  }
  if (picture.startsWith('data:')) {
    const remedy = "Pass Buffer.from(url.split(',')[1], 'base64').";
    throw problem('the picture', 'a data URL', 'a path or a Uint8Array', remedy);
  }
  try {
    const found = await stat(picture);
    if (found.isFile()) return await readFile(picture);
    const kind = found.isDirectory() ? 'a folder' : 'a device or pipe';
    throw problem(name, kind, `the file of ${aPicture}`, 'Name the file itself.');
  } catch (cause) {
    if (cause instanceof PictureError) throw cause;
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const found = isMissing ? `no file at ${path.resolve(picture)}` : (cause as Error).message;
    const remedy = 'Check the path, and that the file may be read.';
    throw problem(name, found, `the file of ${aPicture}`, remedy, cause);
  }
}

/** How files begin, as Latin-1 text; only the first three are decoded. */
const formats: readonly [format: string, start: RegExp][] = [
  ['PNG', /^\x89PNG\r\n/],
  ['JPEG', /^\xff\xd8\xff/],
  ['WebP', /^RIFF[^]{4}WEBP/],
  ['a GIF', /^GIF8/],
  ['a TIFF', /^(II\*\0|MM\0\*)/],
  ['a HEIF or AVIF', /^[^]{4}ftyp/],
  ['a BMP', /^BM[^]{4}\0\0\0\0/],
  ['a PDF', /^%PDF/],
  ['an SVG', /<svg[\s>]/],
  ['text', /^[\t\n\r\x20-\x7e\x80-\xff]+$/],
];

/** Refuses what is not PNG, JPEG or WebP by its first bytes, before any decoder sees them. */
function requireFormat(bytes: Buffer, name: string): void {
  const remedy = 'Save the picture as a PNG, JPEG or WebP file.';
  if (bytes.length === 0) throw problem(name, '0 bytes', aPicture, 'Get or save the file again.');
  const start = bytes.subarray(0, 1024).toString('latin1');
  const index = formats.findIndex(([, pattern]) => pattern.test(start));
  const unknown = `an unknown format (first bytes ${bytes.subarray(0, 8).toString('hex')})`;
  if (index < 0) throw problem(name, unknown, aPicture, remedy);
  if (index >= 3) throw problem(name, formats[index][0], aPicture, remedy);
}

/** Decodes a picture, its longer side at most {@link workingLength}, and says how much larger it is. */
async function decode(bytes: Buffer, name: string): Promise<{ colors: Colors; scale: number }> {
  requireFormat(bytes, name);
  try {
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > mostPixels) {
      const size = `${thousands(width)} x ${thousands(height)} pixels`;
      const most = `at most ${thousands(mostPixels)} pixels`;
      throw problem(name, size, most, 'Scale the picture down, or cut out the digit.');
    }
    const colors = await decodeWhole(bytes, name, workingLength(width, height));
    return { colors, scale: Math.max(width, height) / Math.max(colors.width, colors.height) };
  } catch (cause) {
    if (cause instanceof PictureError) throw cause;
    const found = `damaged or cut-off data (${(cause as Error).message.split('\n')[0]})`;
    throw problem(name, found, `the whole of ${aPicture}`, 'Get or save the file again.', cause);
  }
}

/** Decodes a picture; a JPEG that lacks only its last bytes is read all the same, with a warning. */
async function decodeWhole(bytes: Buffer, name: string, longest: number): Promise<Colors> {
  try {
    // Warnings are no reason to refuse: the JPEGs of some cameras have them.
    return await pixelsOf(bytes, longest, 'error');
  } catch (cause) {
    if (!/premature end of JPEG/.test((cause as Error).message)) throw cause;
    const colors = await pixelsOf(bytes, longest, 'none');
    if (!isWhole(colors)) throw cause;
    console.warn(`${name} lacks its last bytes; what is there was read`);
    return colors;
  }
}

/** Whether nearly all is there: what has no bytes is decoded to one gray. */
function isWhole({ rgba }: Colors): boolean {
  let lost = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    if (rgba[at] === 128 && rgba[at + 1] === 128 && rgba[at + 2] === 128) lost++;
  }
  return lost < (mostLost * rgba.length) / 4;
}

async function pixelsOf(bytes: Buffer, longest: number, failOn: 'error' | 'none'): Promise<Colors> {
  const { data, info } = await sharp(bytes, { failOn, limitInputPixels: mostPixels })
    .autoOrient()
    .resize(longest, longest, {
      fit: 'inside',
      withoutEnlargement: true,
      // Unlike the default it draws no light seams beside dark strokes.
      kernel: 'linear',
    })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { rgba: data, width: info.width, height: info.height };
}
