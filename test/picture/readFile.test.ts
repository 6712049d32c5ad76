import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { imagePixels, imageSize, type DigitSet } from '../../lib/data/digits';
import { mostProbableClasses } from '../../lib/metrics/metrics';
import { loadDigits } from '../../lib/data/mnist';
import { predict } from '../../lib/training/predict';
import { PictureError } from '../../lib/picture/prepare';
import { readDigits, readPicture } from '../../lib/picture/readFile';
import { seededRandom } from '../../lib/platform/random';
import { loadModel } from '../../lib/formats/tfjsLayers';
import { drawnDigits } from '../fixtures';

const realFolder = process.env.MNIST_DIR;
const network = path.join(__dirname, '../../results/01-three-models/models/regularized-cnn');

/** A gray picture before it is encoded: 0 is black, 255 white. */
interface Gray {
  readonly width: number;
  readonly height: number;
  readonly tones: Float32Array;
}

describe('picture', () => {
  /** 50 of MNIST's own digits, prepared by its authors. */
  let mnist: DigitSet;
  let images: Float32Array[];

  before(async () => {
    process.env.MNIST_DIR = '';
    const quiet = { dataFolder: os.tmpdir(), mirrors: [], log: () => {} };
    mnist = (await loadDigits({ ...quiet, limit: 400 })).validation;
    if (realFolder === undefined) delete process.env.MNIST_DIR;
    else process.env.MNIST_DIR = realFolder;
    images = imagesOf(mnist);
  });

  it('readPicture(png) gives digits that MNIST prepared back as they are', async () => {
    for (const factor of [1, 3, 8]) {
      const read = await readAll(images, (image) => enlarge(image, factor, 'nearest'));
      assertAlike(read, images, { difference: 0.025, correlation: 0.95 });
    }
  });

  it('readPicture(picture) undoes size, place, polarity and format', async () => {
    const looks = [
      { factor: 3, format: 'png', light: false },
      { factor: 7.3, format: 'jpeg', light: false },
      { factor: 10, format: 'webp', light: true },
    ] as const;
    for (const { factor, format, light } of looks) {
      const random = seededRandom(1, format);
      const some = images.slice(0, 20);
      const read = await readAll(
        some,
        async (image) => {
          const side = Math.round(40 * factor);
          const [left, top] = [0, 0].map(() => Math.round(random() * 12 * factor));
          const large = onPaper(await enlarge(image, factor, 'cubic'), side + 30, side, left, top);
          return light ? large : inverted(large);
        },
        format,
      );
      assertAlike(read, some, { difference: 0.04, correlation: 0.92 });
    }
  });

  it('readPicture(jpeg) sees through noise, uneven light and a shadow', async () => {
    const random = seededRandom(2, 'photo');
    const some = images.slice(0, 20);
    const photograph = async (image: Float32Array, shadow: number) => {
      const { width, height, tones } = onPaper(await enlarge(image, 8, 'cubic'), 400, 300, 90, 30);
      const angle = 2 * Math.PI * random();
      const photo = tones.map((ink, pixel) => {
        const [u, v] = [
          (2 * (pixel % width)) / width - 1,
          (2 * Math.floor(pixel / width)) / height - 1,
        ];
        const along = u * Math.cos(angle) + v * Math.sin(angle);
        const light = (0.8 + 0.2 * along) * (1 - shadow / (1 + Math.exp(-20 * along)));
        return light * (225 - (0.8 * 225 * ink) / 255) + 12 * gaussian(random);
      });
      return { width, height, tones: photo };
    };
    for (const shadow of [0, 0.3]) {
      const read = await readAll(some, (image) => photograph(image, shadow), 'jpeg');
      assertAlike(read, some, { difference: 0.04, correlation: 0.92 });
    }
  });

  it('readPicture(picture) lets a network read pictures as it reads the images', async () => {
    const model = await loadModel(network);
    const misses = async (read: readonly Float32Array[]) => {
      const flat = Float32Array.from(read.flatMap((image) => [...image]));
      const guesses = mostProbableClasses(await predict(model, flat), { classCount: 10 });
      return guesses.filter((guess, index) => guess !== mnist.labels[index]).length;
    };
    const own = await misses(images);
    const large = await readAll(
      images,
      async (image) => inverted(await enlarge(image, 5, 'cubic')),
      'jpeg',
    );
    assert.ok(own <= 3);
    assert.ok((await misses(large)) <= own + 2);
    model.dispose();
  });

  it('readPicture(picture) puts the longer side at 20 pixels, the center of mass in the middle', async () => {
    const read = await readAll(
      drawnDigits.map(({ pixels }) => Float32Array.from(pixels, (ink) => ink / 255)),
      (image) => enlarge(image, 6, 'cubic'),
    );
    for (const image of read) {
      const inked = [...image.keys()].filter((at) => image[at] > 0.1);
      const spans = [
        inked.map((at) => at % imageSize),
        inked.map((at) => Math.floor(at / imageSize)),
      ];
      const longer = Math.max(
        ...spans.map((places) => Math.max(...places) - Math.min(...places) + 1),
      );
      assert.ok(longer >= 19 && longer <= 21, `${longer} pixels`);
      const mass = image.reduce((total, ink) => total + ink, 0);
      for (const place of [
        (at: number) => at % imageSize,
        (at: number) => Math.floor(at / imageSize),
      ]) {
        const center = image.reduce((total, ink, at) => total + ink * place(at), 0) / mass;
        assert.ok(Math.abs(center - imageSize / 2) <= 0.51, `center of mass at ${center}`);
      }
    }
  });

  it('readPicture(picture) of a line one pixel wide in 1,000 still shows it', async () => {
    const tones = new Float32Array(1000 * 1000).fill(255);
    for (let y = 200; y < 800; y++) tones[1000 * y + 500] = 0;
    const image = await readPicture(await encode({ width: 1000, height: 1000, tones }));
    const dark = image.filter((ink) => ink > 0.5).length;
    assert.ok(dark >= 18 && dark <= 60, `${dark} dark pixels`);
  });

  it('readPicture(picture) takes ink in either color on a transparent ground', async () => {
    const shape = await enlarge(images[0], 6, 'cubic');
    const [black, white] = await Promise.all(
      [0, 255].map(async (tone) => {
        const rgba = Buffer.alloc(4 * shape.tones.length, tone);
        shape.tones.forEach((ink, at) => (rgba[4 * at + 3] = ink));
        const raw = { width: shape.width, height: shape.height, channels: 4 } as const;
        return readPicture(await sharp(rgba, { raw }).png().toBuffer());
      }),
    );
    assert.ok(difference(black, images[0]) < 0.06);
    assert.ok(difference(black, white) < 0.01);
  });

  it('readPicture(picture) refuses what is no picture, saying what came', async () => {
    const blank = await encode({ width: 90, height: 60, tones: new Float32Array(5400).fill(200) });
    const whole = await encode(await enlarge(images[0], 6, 'cubic'), 'jpeg');
    const gif = await sharp(whole).gif().toBuffer();
    const refusals: [bytes: Uint8Array, message: RegExp][] = [
      [Buffer.alloc(0), /0 bytes.*PNG, JPEG or WebP/],
      [Buffer.from('not a picture at all'), /text.*PNG, JPEG or WebP/],
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /an SVG/],
      [gif, /a GIF/],
      [whole.subarray(0, whole.length / 2), /damaged or cut-off/],
      [blank, /the picture/],
    ];
    for (const [bytes, message] of refusals) {
      await assert.rejects(readPicture(bytes), (error: Error) => {
        assert.ok(error instanceof PictureError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  });

  it('readPicture(jpeg) reads one that lacks its last bytes, with a warning', async () => {
    const whole = await encode(inverted(await enlarge(images[0], 12, 'cubic')), 'jpeg');
    const [warn, warnings] = [console.warn, [] as string[]];
    console.warn = (text: string) => warnings.push(text);
    try {
      const read = await readPicture(whole.subarray(0, whole.length - 2));
      assert.ok(difference(read, await readPicture(whole)) < 0.001);
    } finally {
      console.warn = warn;
    }
    assert.deepEqual(warnings, ['the picture lacks its last bytes; what is there was read']);
  });

  it('readDigits(picture) gives boxes in pixels of a large picture', async () => {
    const shape = inverted(await enlarge(images[0], 20, 'cubic'));
    const [width, height] = [3000, 700];
    const tones = new Float32Array(width * height).fill(255);
    for (const left of [200, 1200, 2200]) {
      for (let y = 0; y < shape.height; y++) {
        const row = shape.tones.subarray(y * shape.width, (y + 1) * shape.width);
        tones.set(row, (y + 70) * width + left);
      }
    }
    const digits = await readDigits(await encode({ width, height, tones }));
    assert.equal(digits.length, 3);
    assertAlike(
      digits.map(({ image }) => image),
      [images[0], images[0], images[0]],
      { difference: 0.04, correlation: 0.92 },
    );
    digits.forEach(({ box }, at) => {
      const where = JSON.stringify(box);
      assert.ok(box.left > 200 + 1000 * at && box.right < 760 + 1000 * at, where);
      assert.ok(box.top >= 70 && box.bottom <= 630 && box.bottom - box.top > 250, where);
    });
  });

  it('readPicture(file) refuses a missing file, a folder, an empty file and a data URL, naming it', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'picture-test-'));
    const empty = path.join(folder, 'empty.png');
    await writeFile(empty, '');
    for (const [place, message] of [
      [path.join(folder, 'none.png'), /none\.png.*no file at/],
      [folder, /a folder/],
      [empty, /empty\.png.*0 bytes/],
      ['data:image/png;base64,iVBORw0KGgo=', /^the picture: found a data URL.*Buffer\.from/],
    ] as const) {
      await assert.rejects(readPicture(place), { name: 'PictureError', message });
    }
    await rm(folder, { recursive: true });
  });

  it('readPicture(png) refuses 40,000 x 40,000 pixels by the header, at once', async () => {
    const png = await encode({ width: 1, height: 1, tones: Float32Array.of(0) });
    png.writeUInt32BE(40_000, 16);
    png.writeUInt32BE(40_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    const start = performance.now();
    await assert.rejects(readPicture(png), {
      name: 'PictureError',
      message: /40,000 x 40,000 pixels.*at most 100,000,000 pixels/,
    });
    assert.ok(performance.now() - start < 1000);
  });
});

/** The images of a set, one by one. */
function imagesOf({ images, count }: DigitSet): Float32Array[] {
  return Array.from({ length: count }, (_, index) =>
    images.slice(index * imagePixels, (index + 1) * imagePixels),
  );
}

async function readAll(
  images: readonly Float32Array[],
  picture: (image: Float32Array) => Gray | Promise<Gray>,
  format: 'png' | 'jpeg' | 'webp' = 'png',
): Promise<Float32Array[]> {
  const read: Float32Array[] = [];
  for (const image of images)
    read.push(await readPicture(await encode(await picture(image), format)));
  return read;
}

function encode({ width, height, tones }: Gray, format: 'png' | 'jpeg' | 'webp' = 'png') {
  const raw = { width, height, channels: 1 } as const;
  return sharp(Uint8ClampedArray.from(tones), { raw }).toFormat(format).toBuffer();
}

/** A light digit on black, `factor` times as large. */
async function enlarge(
  image: Float32Array,
  factor: number,
  kernel: 'nearest' | 'cubic',
): Promise<Gray> {
  const raw = { width: imageSize, height: imageSize, channels: 1 } as const;
  const side = Math.round(imageSize * factor);
  const bytes = await sharp(
    Uint8Array.from(image, (ink) => Math.round(255 * ink)),
    { raw },
  )
    .resize(side, side, { kernel })
    .extractChannel(0)
    .raw()
    .toBuffer();
  return { width: side, height: side, tones: Float32Array.from(bytes) };
}

function onPaper(digit: Gray, width: number, height: number, left: number, top: number): Gray {
  const tones = new Float32Array(width * height);
  for (let y = 0; y < digit.height; y++) {
    tones.set(
      digit.tones.subarray(y * digit.width, (y + 1) * digit.width),
      (top + y) * width + left,
    );
  }
  return { width, height, tones };
}

function inverted({ width, height, tones }: Gray): Gray {
  return { width, height, tones: tones.map((tone) => 255 - tone) };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The checksum of a PNG's chunks, bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Over all images, the mean absolute difference is below one bound, the correlation above another. */
function assertAlike(
  read: readonly Float32Array[],
  expected: readonly Float32Array[],
  { difference: most, correlation: least }: { difference: number; correlation: number },
): void {
  const mean = (compare: (one: Float32Array, other: Float32Array) => number) =>
    read.reduce((total, image, index) => total + compare(image, expected[index]), 0) / read.length;
  assert.ok(mean(difference) < most, `mean absolute difference ${mean(difference)}`);
  assert.ok(mean(correlation) > least, `mean correlation ${mean(correlation)}`);
}

function difference(one: Float32Array, other: Float32Array): number {
  return one.reduce((total, ink, pixel) => total + Math.abs(ink - other[pixel]), 0) / one.length;
}

function correlation(one: Float32Array, other: Float32Array): number {
  const centered = (image: Float32Array) => {
    const mean = image.reduce((total, ink) => total + ink, 0) / image.length;
    return image.map((ink) => ink - mean);
  };
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((total, ink, pixel) => total + ink * b[pixel], 0);
  const [a, b] = [centered(one), centered(other)];
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
void [rm, mkdtemp, writeFile, PictureError, drawnDigits, assert];
