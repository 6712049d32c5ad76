import assert from 'node:assert/strict';
import type { DigitSet } from '../../lib/data/digits';
import { accuracy as shareRight, logLoss, mostProbableClasses } from '../../lib/metrics/metrics';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { predict } from '../../lib/training/predict';
import { drawSeed, seededRandom } from '../../lib/platform/random';
import { StockTraining } from '../../lib/training/stockTraining';
import type { tf } from '../../lib/platform/tensorflow';

const tiny = { imageSize: 8, filters: [2], denseUnits: 4, classCount: 3 };

it('StockTraining.step(batch, drawSeed) repeats itself for one seed, dropout included', async () => {
  const runs = [await losses(1), await losses(1), await losses(2)];
  assert.deepEqual(runs[0], runs[1]);
  assert.notDeepEqual(runs[0], runs[2]);
});

it('StockTraining.step(batch, drawSeed) gives each dropout layer another seed at every step', async () => {
  const model = buildRegularizedCnn(tiny);
  const training = new StockTraining(model);
  const random = seededRandom(1, 'test');
  const seeds: unknown[] = [];
  for (let step = 0; step < 3; step++) {
    await training.step(noise(10), () => drawSeed(random));
    seeds.push(seedOf(model, 'dropout_1'), seedOf(model, 'dropout_dense'));
  }
  assert.equal(new Set(seeds).size, 6);
  training.dispose();
  assert.equal(seedOf(model, 'dropout_1'), undefined);
  model.dispose();
});

it('StockTraining.score(digits) gives the loss and accuracy of the model as it is', async () => {
  const model = buildRegularizedCnn(tiny);
  const digits = noise(20);
  const { loss, accuracy } = await new StockTraining(model).score(digits);
  const probabilities = await predict(model, digits.images);
  const expected = logLoss(digits.labels, probabilities, { classCount: 3 });
  assert.ok(Math.abs(loss - expected) < 1e-5, `${loss}, from predictions ${expected}`);
  const guesses = mostProbableClasses(probabilities, { classCount: 3 });
  assert.ok(Math.abs(accuracy - shareRight(digits.labels, guesses, { classCount: 3 })) < 1e-6);
  model.dispose();
});

async function losses(seed: number): Promise<number[]> {
  const model = buildRegularizedCnn(tiny);
  const training = new StockTraining(model);
  const random = seededRandom(seed, 'test');
  const steps: number[] = [];
  for (let step = 0; step < 3; step++) {
    steps.push((await training.step(noise(10), () => drawSeed(random))).loss);
  }
  training.dispose();
  model.dispose();
  return steps;
}

function seedOf(model: tf.LayersModel, layer: string): unknown {
  return (model.getLayer(layer) as unknown as { seed?: number }).seed;
}

/** Images of noise with random labels. */
function noise(count: number): DigitSet {
  const random = seededRandom(7, 'noise');
  const images = Float32Array.from({ length: count * 64 }, random);
  return { images, labels: Uint8Array.from({ length: count }, () => 3 * random()), count };
}
