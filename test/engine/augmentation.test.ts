import assert from 'node:assert/strict';
import {
  addAugmentation,
  augment,
  requireAugmentation,
  type Augmentation,
} from '../../lib/engine/augmentation';
import { DataType, Graph } from '../../lib/engine/graph';
import { tf } from '../../lib/platform/tensorflow';

const ranges = { rotation: 15, shift: 0.1, zoom: 0.15, shear: 10 };
const shape = [9, 12, 2] as const;

/** Runs the graph of an augmentation on images [n, 9, 12, 2]. */
function run(images: Float32Array, augmentation: Augmentation, seed: number) {
  const graph = new Graph();
  const input = graph.input(DataType.float, [-1, ...shape]);
  const seeds = graph.constant(Int32Array.of(seed, 3));
  const added = addAugmentation(graph, input, shape, augmentation, seeds);
  const session = graph.load();
  const batch = { values: images, shape: [images.length / 216, ...shape] };
  const outputs = session.run(new Map([[input, batch]]), Object.values(added));
  const [moved, maps, numbers] = outputs.map((output) => [...output]);
  session.dispose();
  return { moved, maps, numbers };
}

/** Images of waves: every pixel has another value, none of them 0. */
function waves(count: number): Float32Array {
  return Float32Array.from({ length: count * 216 }, (_, index) => 2 + Math.sin(index * 1.7));
}

/** Where in an image a pixel of its augmented one comes from, by the numbers drawn for it. */
function plainMap(numbers: readonly number[], { rotation, shift, zoom, shear }: typeof ranges) {
  const [turn, slant, zoomX, zoomY, wayX, wayY] = numbers.map((number) => 2 * number - 1);
  const angle = (turn * rotation * Math.PI) / 180;
  const tan = Math.tan((slant * shear * Math.PI) / 180);
  return (x: number, y: number): [number, number] => {
    // From the centre: zoom, then slant, then turn, then shift.
    const [zoomedX, zoomedY] = [(x - 5.5) * (1 + zoomX * zoom), (y - 4) * (1 + zoomY * zoom)];
    const slantedX = zoomedX + tan * zoomedY;
    return [
      5.5 + wayX * shift * 12 + Math.cos(angle) * slantedX - Math.sin(angle) * zoomedY,
      4 + wayY * shift * 9 + Math.sin(angle) * slantedX + Math.cos(angle) * zoomedY,
    ];
  };
}

/** The value between pixels, where pixels outside of the image are 0. */
function bilinear(image: Float32Array, channel: number, x: number, y: number): number {
  const pixel = (column: number, row: number) =>
    column < 0 || column > 11 || row < 0 || row > 8 ? 0 : image[(row * 12 + column) * 2 + channel];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const along = (row: number) =>
    pixel(left, row) * (left + 1 - x) + pixel(left + 1, row) * (x - left);
  return along(top) * (top + 1 - y) + along(top + 1) * (y - top);
}

it('addAugmentation(...) moves each image as a plain implementation does', () => {
  const images = waves(5);
  const { moved, numbers } = run(images, ranges, 1);
  for (let image = 0; image < 5; image++) {
    const map = plainMap(numbers.slice(6 * image, 6 * image + 6), ranges);
    const pixels = images.subarray(216 * image, 216 * (image + 1));
    for (let place = 0; place < 216; place++) {
      const [channel, x, y] = [place % 2, (place >> 1) % 12, Math.floor(place / 24)];
      const expected = bilinear(pixels, channel, ...map(x, y));
      const difference = Math.abs(moved[216 * image + place] - expected);
      assert.ok(difference < 1e-4, `image ${image}, place ${place}: off by ${difference}`);
    }
  }
});

it('addAugmentation(...) draws other maps for every image and seed, within their ranges', () => {
  const images = waves(400);
  const { maps, numbers } = run(images, { rotation: 20 }, 1);
  const angles = Array.from({ length: 400 }, (_, image) => {
    const [xByX, xByY, , yByX, yByY] = maps.slice(8 * image, 8 * image + 8);
    assert.ok(Math.abs(xByX - yByY) < 1e-6 && Math.abs(xByY + yByX) < 1e-6, 'a turn only');
    return (Math.atan2(yByX, xByX) * 180) / Math.PI;
  });
  assert.ok(angles.every((angle) => Math.abs(angle) <= 20));
  assert.ok(Math.min(...angles) < -18 && Math.max(...angles) > 18);
  assert.equal(new Set(angles).size, 400);
  assert.deepEqual(run(images, { rotation: 20 }, 1).numbers, numbers);
  assert.notDeepEqual(run(images, { rotation: 20 }, 2).numbers, numbers);
});

it('augment(images, { augmentation: {} }) gives the images as they are', () => {
  const images = waves(3);
  assert.deepEqual(augment(images, { shape: [9, 12, 2], augmentation: {}, seed: 7 }), images);
});

it('augment(images, { seed }) gives the same for the same seed, and keeps no tensor', () => {
  const options = { shape: [9, 12, 2] as [number, number, number], augmentation: ranges };
  const before = tf.memory().numTensors;
  const one = augment(waves(3), { ...options, seed: 1 });
  assert.deepEqual(augment(waves(3), { ...options, seed: 1 }), one);
  assert.notDeepEqual(augment(waves(3), { ...options, seed: 2 }), one);
  assert.equal(tf.memory().numTensors, before);
});

for (const [augmentation, message] of [
  [{ rotation: -1 }, /augmentation.rotation is -1; expected a number from 0 to 180/],
  [{ shift: 0.6 }, /augmentation.shift is 0.6; expected a number from 0 to 0.5/],
  [{ zoom: NaN }, /augmentation.zoom is NaN; expected a number from 0 to 0.5/],
  [{ shear: 50 }, /augmentation.shear is 50; expected a number from 0 to 45/],
  [{ tilt: 5 }, /augmentation has a range tilt; expected rotation, shift, zoom, shear/],
] as const) {
  it(`requireAugmentation(${JSON.stringify(augmentation)}) refuses it`, () => {
    assert.throws(() => requireAugmentation(augmentation as Augmentation), message);
  });
}
