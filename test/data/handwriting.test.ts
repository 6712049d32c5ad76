import assert from 'node:assert/strict';
import { imagePixels, type DigitSet } from '../../lib/data/digits';
import { varyHandwriting } from '../../lib/data/handwriting';

/** A bar of 4 x 20 pixels, under any label. */
function bars(label: number, count = 500): DigitSet {
  const bar = Float32Array.from({ length: imagePixels }, (_, pixel) => {
    const [x, y] = [pixel % 28, Math.floor(pixel / 28)];
    return x >= 12 && x < 16 && y >= 4 && y < 24 ? 1 : 0;
  });
  const images = Float32Array.from({ length: count * imagePixels }, (_, at) => bar[at % 784]);
  return { images, labels: new Uint8Array(count).fill(label), count };
}

function imagesOf({ images, count }: DigitSet): Float32Array[] {
  return Array.from({ length: count }, (_, index) =>
    images.subarray(index * imagePixels, (index + 1) * imagePixels),
  );
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

it('varyHandwriting(digits, { seed }) repeats itself, and leaves the digits as they are', () => {
  const digits = bars(1);
  const before = digits.images.slice();
  const varied = varyHandwriting(digits, { seed: 3 });
  assert.deepEqual(varyHandwriting(digits, { seed: 3 }), varied);
  assert.notDeepEqual(varyHandwriting(digits, { seed: 4 }), varied);
  assert.deepEqual(digits.images, before);
  assert.deepEqual(varied.labels, digits.labels);
  assert.notEqual(varied.labels, digits.labels);
});

it('varyHandwriting(digits, { seed }) gives whole 255ths from 0 to 1, as files have them', () => {
  const { images } = varyHandwriting(bars(1), { seed: 5 });
  assert.ok(images.every((ink) => ink >= 0 && ink <= 1));
  assert.ok(images.every((ink) => Math.abs(255 * ink - Math.round(255 * ink)) < 1e-4));
});

it('varyHandwriting(digits, { seed }) leaves a third as it is, and moves edges by at most a pixel', () => {
  const digits = bars(5);
  const [bar] = imagesOf(digits);
  const images = imagesOf(varyHandwriting(digits, { seed: 6 }));
  const same = images.filter((image) => image.every((ink, at) => ink === bar[at])).length;
  assert.ok(Math.abs(same / 500 - 0.5 * 0.7) < 0.07, `${same} of 500 are the same`);
  // A bar that is wider by a pixel on each side has 6 x 20 + 2 x 4 pixels; one that is thinner by 0.6
  // pixels has 2 x 18 of full ink, and the rest at two fifths. Coarse pixels may lose or add a sixth.
  const areas = images.map(sum);
  assert.ok(Math.max(...areas) <= (7 / 6) * 128, `${Math.max(...areas)}`);
  assert.ok(Math.max(...areas) > 115, `${Math.max(...areas)}`);
  assert.ok(Math.min(...areas) >= (5 / 6) * (0.4 * 80 + 0.6 * 36), `${Math.min(...areas)}`);
});

for (const [label, share] of [
  [1, 0.4],
  [7, 0.2],
]) {
  it(`varyHandwriting(digits, { seed }) draws some of the digits ${label} anew, in MNIST's box`, () => {
    const images = imagesOf(varyHandwriting(bars(label), { seed: 7 }));
    const reach = images.map((image) => {
      const columns = new Set([...image.keys()].filter((at) => image[at] > 0.5).map((at) => at % 28));
      return Math.max(...columns) - Math.min(...columns) + 1;
    });
    // Bars are at most 6 wide, and what is drawn with an upstroke or foot is seldom so narrow.
    const wide = reach.filter((columns) => columns > 6).length;
    assert.ok(Math.abs(wide / 500 - share) < 0.07, `${wide} of 500 are wide`);
    // Coarse pixels are not quite in their places.
    for (const image of images) {
      const mass = sum(image);
      const x = image.reduce((total, ink, at) => total + ink * ((at % 28) + 0.5), 0) / mass;
      const y = image.reduce((total, ink, at) => total + ink * (Math.floor(at / 28) + 0.5), 0) / mass;
      assert.ok(Math.hypot(x - 14, y - 14) < 1.2, `the center of mass is at ${x}, ${y}`);
    }
  });
}

it('varyHandwriting(digits, { seed }) refuses images of another size, and takes none', () => {
  const small = { images: new Float32Array(100), labels: new Uint8Array(1), count: 1 };
  assert.throws(() => varyHandwriting(small, { seed: 1 }), /images of 100 pixels; expected 28 x 28/);
  const none = { images: new Float32Array(0), labels: new Uint8Array(0), count: 0 };
  assert.equal(varyHandwriting(none, { seed: 1 }).count, 0);
});
