import assert from 'node:assert/strict';
import { corruptDigits, corruptions, type CorruptionName } from '../../lib/data/corruptions';
import { imagePixels } from '../../lib/data/digits';
import { drawnSet } from '../fixtures';

const digits = drawnSet();
const ink = ({ images }: { images: Float32Array }) => images.reduce((a, b) => a + b, 0);
const spoil = (name: CorruptionName, strength: number, seed = 1) =>
  corruptDigits(digits, name, { strength, seed });

/** The mean place of the ink of the first image. */
function center(images: Float32Array): [x: number, y: number] {
  let [mass, x, y] = [0, 0, 0];
  images.subarray(0, imagePixels).forEach((value, at) => {
    mass += value;
    x += value * ((at % 28) + 0.5);
    y += value * (Math.floor(at / 28) + 0.5);
  });
  return [x / mass, y / mass];
}

for (const name of corruptions) {
  it(`corruptDigits(digits, '${name}') spoils more the stronger it is, and at 0 not at all`, () => {
    const difference = (strength: number) => {
      const { images } = spoil(name, strength);
      return images.reduce((sum, value, at) => sum + Math.abs(value - digits.images[at]), 0);
    };
    const [none, little, much] = [0, 0.3, 1].map(difference);
    // Whole 255ths, where the drawn digits may have been other numbers.
    assert.ok(none < digits.images.length / 510, `${none}`);
    assert.ok(little > none + 1, `${little} after ${none}`);
    assert.ok(much > 1.2 * little, `${much} after ${little}`);
  });

  it(`corruptDigits(digits, '${name}') repeats itself, and gives labels and pixels as they are to be`, () => {
    const { images, labels, count } = spoil(name, 0.7);
    assert.deepEqual(spoil(name, 0.7).images, images);
    assert.deepEqual([labels, count], [digits.labels, digits.count]);
    assert.ok(images.every((value) => value >= 0 && value <= 1));
  });
}

it('corruptDigits(digits, name) does with the ink what its name says', () => {
  const whole = ink(digits);
  assert.ok(Math.abs(ink(spoil('small size', 0.5)) / whole - 0.7 ** 2) < 0.06);
  assert.ok(Math.abs(ink(spoil('faint ink', 1)) / whole - 0.1) < 0.02);
  assert.ok(Math.abs(ink(spoil('coarse pixels', 0.5)) / whole - 1) < 0.1);
  assert.ok(Math.abs(ink(spoil('rotation', 0.5)) / whole - 1) < 0.05);
  assert.ok(ink(spoil('thin strokes', 0.8)) < whole && ink(spoil('thick strokes', 0.8)) > whole);
  assert.ok(ink(spoil('a gap across', 1)) < whole && ink(spoil('a line across', 1)) > whole);
  const [[x, y], [movedX, movedY]] = [digits, spoil('shift', 0.5)].map((set) => center(set.images));
  assert.ok(Math.abs(Math.hypot(movedX - x, movedY - y) - 3) < 0.1);
});

it('corruptDigits(digits, name) refuses an unknown name, and a strength out of range', () => {
  const unknown = 'fog' as CorruptionName;
  assert.throws(() => spoil(unknown, 1), /no corruption is called fog; there are rotation, slant/);
  assert.throws(() => spoil('toString' as CorruptionName, 1), /no corruption is called toString/);
  assert.throws(() => spoil('blur', 1.5), /strength is 1.5/);
  assert.throws(() => spoil('blur', NaN), /strength is NaN/);
});
