import assert from 'node:assert/strict';
import { buildBaseline } from '../../lib/networks/baseline';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { predict } from '../../lib/training/predict';
import { train } from '../../lib/training/train';
import { stripes, tiny, tinyBaseline, weightsOf } from './stripes';

it('train(model, training, validation) learns what can be learned', async () => {
  const model = buildBaseline({ ...tinyBaseline, learningRate: 0.01 });
  const history = await train(model, stripes(300, 1), stripes(60, 2), {
    epochs: 10,
    batchSize: 16,
  });
  assert.equal(history.epochs.length, 10);
  assert.equal(history.interrupted, false);
  assert.deepEqual(
    history.epochs.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const [first, last] = [history.epochs[0], history.epochs[9]];
  assert.ok(last.validationAccuracy > 0.95, `validation accuracy ${last.validationAccuracy}`);
  assert.ok(last.loss < first.loss / 2, `loss ${first.loss} to ${last.loss}`);
  model.dispose();
});

it('train(model, ...) reports validation figures that scoring by hand gives', async () => {
  const model = buildBaseline(tinyBaseline);
  const validation = stripes(60, 2);
  const { epochs } = await train(model, stripes(100, 1), validation, { epochs: 2 });
  const probabilities = await predict(model, validation.images);
  const ofTruth = [...validation.labels].map((label, row) => probabilities[3 * row + label]);
  const loss = ofTruth.reduce((sum, probability) => sum - Math.log(probability), 0) / 60;
  assert.ok(Math.abs(epochs[1].validationLoss - loss) < 1e-6);
  const right = ofTruth.filter((probability, row) =>
    probabilities.subarray(3 * row, 3 * row + 3).every((other) => other <= probability),
  );
  assert.ok(Math.abs(epochs[1].validationAccuracy - right.length / 60) < 1e-6);
  model.dispose();
});

it('train(model, ...) with one seed gives the same weights to the bit, dropout included', async () => {
  const weights = [await trainedWeights(5), await trainedWeights(5)];
  assert.deepEqual(weights[0], weights[1]);
});

it('train(model, ...) with another seed gives other weights', async () => {
  assert.notDeepEqual(await trainedWeights(5), await trainedWeights(6));
});

it('train(model, ...) refuses images of another size, naming both', async () => {
  const model = buildBaseline({ imageSize: 28 });
  await assert.rejects(
    train(model, stripes(3, 1), stripes(3, 1), { epochs: 1 }),
    /RangeError: training images has 192 pixels; expected a positive multiple of 784.*28 x 28 x 1/,
  );
  model.dispose();
});

it('train(model, ...) refuses a number of labels that is not that of the images', async () => {
  const model = buildBaseline(tinyBaseline);
  const digits = stripes(20, 1);
  const short = { ...digits, labels: digits.labels.subarray(0, 19) };
  await assert.rejects(
    train(model, short, digits, { epochs: 1 }),
    /RangeError: training has 20 images and 19 labels/,
  );
  model.dispose();
});

it('train(model, ...) refuses labels that the model has no output for', async () => {
  const model = buildBaseline(tinyBaseline);
  const digits = stripes(20, 1);
  digits.labels[7] = 3;
  await assert.rejects(
    train(model, digits, stripes(20, 1), { epochs: 1 }),
    /RangeError: training labels\[7\] is 3; expected a whole number from 0 to 2/,
  );
  model.dispose();
});

it('train(model, ...) refuses epochs and batch sizes that are not whole numbers from 1', async () => {
  const model = buildBaseline(tinyBaseline);
  for (const options of [{ epochs: 0 }, { epochs: 1.5 }, { epochs: 1, batchSize: -1 }]) {
    await assert.rejects(
      train(model, stripes(3, 1), stripes(3, 1), options),
      /RangeError: (epochs|batchSize) is [-.\d]+; expected a whole number from 1/,
    );
  }
  model.dispose();
});

async function trainedWeights(seed: number): Promise<number[][]> {
  const model = buildRegularizedCnn({ ...tiny, seed });
  await train(model, stripes(60, 1), stripes(20, 2), { epochs: 2, batchSize: 10, seed });
  const weights = weightsOf(model);
  model.dispose();
  return weights;
}
