import assert from 'node:assert/strict';
import sharp from 'sharp';
import { bestPair, PictureError, prepareDigits, preparePicture } from '../../lib/picture/prepare';
import { readPicture } from '../../lib/picture/readFile';
import { seededRandom } from '../../lib/platform/random';

/** A bar of one color on another, 60 x 90 pixels, as bytes of red, green, blue and opacity. */
function bar(ink: readonly number[], paper: readonly number[]) {
  const [width, height] = [60, 90];
  const rgba = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInk = x >= 27 && x < 33 && y >= 15 && y < 75;
      rgba.set([...(isInk ? ink : paper), 255], 4 * (y * width + x));
    }
  }
  return { rgba, width, height };
}

it('preparePicture(colors) gives what readPicture gives of the same picture as a file', async () => {
  const colors = bar([40, 60, 160], [250, 245, 230]);
  const { rgba, width, height } = colors;
  const raw = { width, height, channels: 4 } as const;
  const png = await sharp(Buffer.from(rgba), { raw }).png().toBuffer();
  assert.deepEqual(preparePicture(colors), await readPicture(png));
});

it('preparePicture(colors) centers ink of 20 pixels, dark on light or light on dark', () => {
  const [dark, light] = [
    preparePicture(bar([0, 0, 0], [255, 255, 255])),
    preparePicture(bar([255, 255, 255], [0, 0, 0])),
  ];
  assert.deepEqual(dark, light);
  const rows = Array.from({ length: 28 }, (_, y) =>
    Math.max(...dark.subarray(28 * y, 28 * y + 28)),
  );
  const inked = rows.flatMap((most, y) => (most > 0.5 ? [y] : []));
  assert.equal(inked.length, 20);
  assert.equal(inked[19] - inked[0], 19);
  assert.ok(Math.abs(inked[0] - 4) <= 1, `from row ${inked[0]}`);
});

it('preparePicture(colors, { name }) refuses a picture of one tone, by its name', () => {
  assert.throws(
    () => preparePicture(bar([200, 200, 200], [200, 200, 200]), { name: 'page 7' }),
    (error) => error instanceof PictureError && /^page 7: found /.test(error.message),
  );
});

it('preparePicture(colors) refuses bytes that are not four a pixel', () => {
  const colors = { ...bar([0, 0, 0], [255, 255, 255]), width: 61 };
  assert.throws(
    () => preparePicture(colors),
    /RangeError: the picture has 21600 bytes; expected 4/,
  );
});

/** Bars of ink on ruled paper of 300 x 120 pixels. */
function bars(lefts: readonly number[], { line = 235 }: { line?: number } = {}) {
  const [width, height] = [300, 120];
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInk = y >= 30 && y < 90 && lefts.some((left) => x >= left && x < left + 9);
      rgba.fill(isInk ? 40 : y % 25 < 2 ? line : 235, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return { rgba, width, height };
}

it('prepareDigits(colors) gives each digit from left to right, with its box and image', () => {
  for (const line of [235, 170]) {
    const digits = prepareDigits(bars([200, 60, 130], { line }));
    assert.deepEqual(
      digits.map(({ box }) => box.left),
      [60, 130, 200],
    );
    for (const { box, image } of digits) {
      assert.ok(Math.abs(box.top - 30) <= 1 && Math.abs(box.bottom - 90) <= 1);
      assert.equal(image.length, 784);
      assert.ok(image.filter((ink) => ink > 0.5).length >= 50);
    }
  }
});

it('prepareDigits(colors) invents nothing on blank and on ruled paper', () => {
  for (const line of [235, 170]) assert.deepEqual(prepareDigits(bars([], { line })), []);
});

it('preparePicture(colors) refuses blank paper under most shadows', () => {
  const refused = shadows.filter((shadow) => {
    try {
      preparePicture(blankUnder(shadow));
      return false;
    } catch (error) {
      assert.ok(error instanceof PictureError, String(error));
      return true;
    }
  });
  assert.ok(refused.length >= 0.8 * shadows.length, `${refused.length} of ${shadows.length}`);
});

interface Shadow {
  readonly isRound: boolean;
  /** Pixels in which it gets dark. */
  readonly edge: number;
  /** The standard deviation of each pixel. */
  readonly noise: number;
  /** How much light it takes. */
  readonly dark: number;
}

const shadows: readonly Shadow[] = [false, true].flatMap((isRound) =>
  [4, 20, 60, 120].flatMap((edge) =>
    [1, 3, 6].flatMap((noise) => [0.2, 0.35, 0.5].map((dark) => ({ isRound, edge, noise, dark }))),
  ),
);

/** Paper of 300 x 300 pixels with a shadow on a half of it, or on all but a round part. */
function blankUnder({ isRound, edge, noise, dark }: Shadow) {
  const side = 300;
  const random = seededRandom(1, JSON.stringify({ isRound, edge, noise, dark }));
  const rgba = new Uint8Array(4 * side * side).fill(255);
  for (let pixel = 0; pixel < side * side; pixel++) {
    const [x, y] = [pixel % side, Math.floor(pixel / side)];
    const inside = isRound ? Math.hypot(x - 120, y - 180) - 90 : 0.8 * x + 0.6 * y - 200;
    const light = 1 - dark / (1 + Math.exp((-4 * inside) / edge));
    const spread = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    rgba.fill(Math.round(225 * light + noise * spread), 4 * pixel, 4 * pixel + 3);
  }
  return { rgba, width: side, height: side };
}

it('preparePicture(colors) refuses several digits, and says what reads them', () => {
  assert.throws(() => preparePicture(bars([60, 130, 200])), {
    name: 'PictureError',
    message: /found 3 digits; expected one\. Use readDigits, predictNumber/,
  });
});

it('preparePicture(colors) refuses a digit above another, and takes the halves of one for one', () => {
  const stacked = (across: number, down: number, between: number) => {
    const [width, height] = [across + 120, 2 * down + between + 80];
    const rgba = new Uint8Array(4 * width * height).fill(255);
    for (const top of [40, 40 + down + between]) {
      for (let y = top; y < top + down; y++) {
        const first = 4 * (y * width + 60);
        for (let at = first; at < first + 4 * across; at += 4) rgba.fill(0, at, at + 3);
      }
    }
    return { rgba, width, height };
  };
  assert.throws(() => preparePicture(stacked(9, 60, 40)), /found 2 digits; expected one/);
  assert.equal(preparePicture(stacked(60, 12, 8)).length, 784);
});

/** Bars of 8 x 50 pixels in rows, 60 x 110 pixels each. */
function rowsOfBars(rows: number, columns: number) {
  const [width, height] = [60 * columns + 20, 110 * rows];
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInk = y % 110 >= 20 && y % 110 < 70 && x % 60 >= 20 && x % 60 < 28 && x < width - 20;
      if (isInk) rgba.fill(0, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return { rgba, width, height };
}

it('preparePicture(colors) refuses rows of digits, of which each is low beside the whole', () => {
  const [six, hundred] = [rowsOfBars(2, 3), rowsOfBars(10, 10)];
  assert.throws(() => preparePicture(six), /found 6 digits; expected one/);
  assert.throws(() => preparePicture(hundred), /found 100 digits; expected one/);
  assert.equal(prepareDigits(hundred).length, 100);
});

it('bestPair(whole, pairs) takes the pair whose less sure digit is surest, if it is surer than the whole', () => {
  const pairs = [
    [0.99, 0.6],
    [0.8, 0.9],
    [0.7, 0.75],
  ];
  assert.equal(bestPair(0.79, pairs), 1);
  assert.equal(bestPair(0.8, pairs), -1);
  assert.equal(bestPair(0.1, []), -1);
});
