import assert from 'node:assert/strict';
import type { Colors } from '../../lib/picture/prepare';
import { splitDigits } from '../../web/worker/split';

type Rectangle = readonly [left: number, top: number, width: number, height: number];

it('splitDigits(colors) gives each part that stands alone, from left to right', () => {
  const { parts, remarks } = splitDigits(
    picture([
      [140, 20, 10, 60],
      [20, 20, 10, 60],
      [70, 20, 40, 60],
    ]),
  );
  assert.deepEqual(
    parts.map(({ shape }) => shape),
    [10 / 60, 40 / 60, 10 / 60],
  );
  assert.deepEqual(remarks, []);
});

it('splitDigits(colors) keeps what lies one above the other together, as the bar of a 5', () => {
  const { parts } = splitDigits(
    picture([
      [60, 20, 40, 8],
      [50, 34, 40, 50],
    ]),
  );
  assert.equal(parts.length, 1);
});

it('splitDigits(colors) leaves out small marks, and paints neighbors over', () => {
  const { parts } = splitDigits(
    picture([
      [20, 20, 30, 60],
      [54, 20, 30, 60],
      [150, 60, 10, 10],
    ]),
  );
  assert.equal(parts.length, 2);
  for (const { colors } of parts) {
    const ink = colors.rgba.filter((value, at) => at % 4 === 0 && value < 128).length;
    assert.ok(Math.abs(ink - 30 * 60) < 60, `${ink} pixels of ink`);
  }
});

it('splitDigits(colors) finds light ink on dark paper in uneven light, and on no ground', () => {
  const rectangles: Rectangle[] = [
    [40, 30, 12, 60],
    [110, 30, 12, 60],
  ];
  const light = (x: number) => [60 + x / 4, 220] as const;
  assert.equal(splitDigits(picture(rectangles, { tones: light })).parts.length, 2);
  const bare = picture(rectangles);
  bare.rgba.forEach((_, at) => {
    if (at % 4 === 3) bare.rgba[at] = bare.rgba[at - 1] < 128 ? 255 : 0;
  });
  assert.equal(splitDigits(bare).parts.length, 2);
});

it('splitDigits(colors) says that rows cannot be split', () => {
  const { remarks } = splitDigits(
    picture([
      [60, 6, 10, 40],
      [60, 70, 10, 40],
    ]),
  );
  assert.deepEqual(remarks, [
    'Digits one above the other can’t be split: write them side by side.',
  ]);
});

it('splitDigits(colors) gives no part of an empty picture, a frame and too many marks', () => {
  assert.deepEqual(splitDigits(picture([])), { parts: [], remarks: [] });
  assert.deepEqual(splitDigits(picture([[0, 0, 200, 4]])).parts, []);
  const many = Array.from({ length: 20 }, (_, at) => [10 * at + 2, 40, 4, 20] as const);
  const { parts, remarks } = splitDigits(picture(many));
  assert.equal(parts.length, 0);
  assert.match(remarks[0], /More than 12 digits/);
});

const constant = () => [255, 0] as const;

/** Rectangles of ink on 200 x 120 pixels of paper; `tones` gives those of paper and ink. */
function picture(
  rectangles: readonly Rectangle[],
  { tones = constant }: { tones?: (x: number) => readonly [paper: number, ink: number] } = {},
): Colors {
  const [width, height] = [200, 120];
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInk = rectangles.some(
        ([left, top, across, down]) => x >= left && x < left + across && y >= top && y < top + down,
      );
      const at = 4 * (y * width + x);
      rgba.fill(tones(x)[isInk ? 1 : 0], at, at + 3);
    }
  }
  return { rgba, width, height };
}
