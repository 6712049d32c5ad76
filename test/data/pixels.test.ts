import assert from 'node:assert/strict';
import { imagePixels, imageSize } from '../../lib/data/digits';
import {
  between,
  coarse,
  drawn,
  imageOf,
  mapImages,
  restroked,
  smeared,
  warped,
} from '../../lib/data/pixels';
import { drawnSet } from '../fixtures';

/** A bar of 4 x 20 pixels in the middle. */
const bar = imageOf((x, y) => (x > 12 && x < 16 && y > 4 && y < 24 ? 1 : 0));
const sum = (image: Float32Array) => image.reduce((total, ink) => total + ink, 0);
const at = (image: Float32Array, x: number, y: number) => image[y * imageSize + x];

function assertAlike(image: Float32Array, expected: Float32Array): void {
  image.forEach((ink, pixel) => assert.ok(Math.abs(ink - expected[pixel]) < 1e-6, `${pixel}`));
}

it('mapImages(digits, change) rounds to 255ths from 0 to 1, and leaves the digits as they are', () => {
  const digits = drawnSet();
  const before = digits.images.slice();
  const changed = mapImages(digits, (image, label) => image.map((ink) => 1.4 * ink - 0.1 * label));
  assert.deepEqual(digits.images, before);
  changed.images.forEach((ink, pixel) => {
    const wanted = 1.4 * before[pixel] - 0.1 * digits.labels[Math.floor(pixel / imagePixels)];
    const whole = Math.round(255 * Math.min(1, Math.max(0, wanted)));
    assert.equal(ink, Math.fround(whole / 255));
  });
});

it('mapImages(digits, change) refuses other sizes', () => {
  const small = { images: new Float32Array(100), labels: new Uint8Array(1), count: 1 };
  assert.throws(() => mapImages(small, (image) => image), /images of 100 pixels/);
});

it('drawn(lines, width) draws a line of that width, with half ink on its edge', () => {
  const line = drawn(
    [
      [
        [14, 5],
        [14, 23],
      ],
    ],
    4,
  );
  assert.deepEqual([at(line, 12, 14), at(line, 15, 14)], [1, 1]);
  assert.deepEqual([at(line, 10, 14), at(line, 17, 14)], [0, 0]);
  const odd = drawn(
    [
      [
        [14.5, 5],
        [14.5, 23],
      ],
    ],
    4,
  );
  assert.deepEqual([at(odd, 12, 14), at(odd, 13, 14), at(odd, 16, 14)], [0.5, 1, 0.5]);
});

it('restroked(image, step) moves each edge by a pixel at 1, and by half of one at 0.5', () => {
  assert.equal(sum(restroked(bar, 1)), 80 + 2 * 20 + 2 * 4);
  assert.equal(sum(restroked(bar, 0.5)), 80 + 20 + 4);
  assert.equal(sum(restroked(bar, -1)), 2 * 18);
  const hairline = imageOf((x, y) => (Math.floor(x) === 14 && y > 4 && y < 24 ? 1 : 0));
  assert.equal(Math.max(...restroked(hairline, -0.6)), 1);
});

it('coarse(image, size) takes means over larger pixels', () => {
  const twice = coarse(bar, 2);
  assert.ok(Math.abs(sum(twice) - 80) < 1e-3, `${sum(twice)}`);
  assert.equal(at(twice, 13, 14), 1);
  assertAlike(coarse(bar, 1), bar);
});

it('warped(image, map) leaves the middle where it is, and moves, turns and scales the rest', () => {
  assertAlike(warped(bar, {}), bar);
  assertAlike(warped(warped(bar, { shift: [3, -2] }), { shift: [-3, 2] }), bar);
  const turned = warped(bar, { angle: Math.PI / 2 });
  assertAlike(turned, imageOf((x, y) => at(bar, Math.floor(y), Math.floor(x))));
  assert.ok(Math.abs(sum(warped(bar, { size: 0.5 })) - 20) < 1);
  assert.ok(Math.abs(sum(warped(bar, { slant: 0.5 })) - 80) < 1);
});

it('smeared(image, length, angle) spreads ink along a line', () => {
  const across = smeared(bar, 8, 0);
  assert.ok(Math.abs(sum(across) - 80) < 0.1);
  assert.ok(at(across, 9, 14) > 0 && at(across, 14, 14) < 1 && at(across, 14, 2) === 0);
});

it('between(random, least, most) is linear in the draw', () => {
  assert.deepEqual(
    [0, 0.5, 1].map((draw) => between(() => draw, 2, 4)),
    [2, 3, 4],
  );
});
