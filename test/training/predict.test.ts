import assert from 'node:assert/strict';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import { tf } from '../../lib/platform/tensorflow';
import { imageTensor, predict } from '../../lib/training/predict';
import { drawnDigits, drawnSet } from '../fixtures';
import { patterns, tinySizes } from '../networks/besideKeras';

it('predict(model, images) gives rows that add up to 1, and keeps no tensor', async () => {
  const model = buildSimpleCnn(tinySizes);
  await predict(model, patterns(1));
  const before = tf.memory().numTensors;
  const probabilities = await predict(model, patterns(5));
  assert.equal(tf.memory().numTensors, before);
  assert.equal(probabilities.length, 50);
  for (let row = 0; row < 5; row++) {
    const sum = probabilities.subarray(10 * row, 10 * row + 10).reduce((total, p) => total + p);
    assert.ok(Math.abs(sum - 1) < 1e-6);
  }
  model.dispose();
});

it('predict(model, images) refuses no images, and images of another size', async () => {
  const model = buildBaseline(tinySizes);
  await assert.rejects(
    predict(model, new Float32Array(0)),
    /RangeError: images has 0 pixels; expected a positive multiple of 784/,
  );
  await assert.rejects(
    predict(model, new Float32Array(32 * 32)),
    /images has 1024 pixels; .* model baseline takes images of 28 x 28 x 1: resize them/,
  );
  model.dispose();
});

it('imageTensor(model, images) keeps the pixels in their places', () => {
  const model = buildBaseline(tinySizes);
  const images = patterns(2);
  const tensor = imageTensor(model, images);
  assert.deepEqual(tensor.shape, [2, 28, 28, 1]);
  assert.deepEqual(Array.from(tensor.dataSync()), Array.from(images));
  tensor.dispose();
  model.dispose();
});

it('predict(model, images) takes bytes, and refuses what would give confident nonsense', async () => {
  const model = buildBaseline();
  const { images } = drawnSet();
  const bytes = Uint8Array.from(drawnDigits.flatMap(({ pixels }) => [...pixels]));
  const expected = await predict(model, images);
  assert.deepEqual(await predict(model, bytes), expected);
  assert.deepEqual(await predict(model, [...images]), expected);
  await assert.rejects(predict(model, [...bytes]), /RangeError: images\[\d+\] .+ is 128; .+by 255/);
  const oneMissing = images.map((pixel, at) => (at === 1000 ? NaN : pixel));
  await assert.rejects(predict(model, oneMissing), /images\[1000\] \(image 1, pixel 216\) is NaN/);
  model.dispose();
});

it('predict(model, images, { precision }) is near in 16 bits, and refuses another', async () => {
  const model = buildSimpleCnn(tinySizes);
  const [exact, near] = [
    await predict(model, patterns(5)),
    await predict(model, patterns(5), { precision: 'bfloat16' }),
  ];
  exact.forEach((probability, at) => {
    assert.ok(Math.abs(probability - near[at]) < 0.02, `${probability} and ${near[at]}`);
  });
  await assert.rejects(
    predict(model, patterns(5), { precision: 'float16' as 'float32' }),
    /RangeError: precision is float16; expected float32 or bfloat16/,
  );
  model.dispose();
});

it('predict(model, images) refuses what is no network', async () => {
  for (const model of [null, undefined, {}]) {
    await assert.rejects(predict(model as unknown as tf.LayersModel, [1]), /TypeError: model is /);
  }
});
