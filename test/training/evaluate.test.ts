import assert from 'node:assert/strict';
import { evaluateProbabilities } from '../../lib/metrics/evaluation';
import { buildBaseline } from '../../lib/networks/baseline';
import { tf } from '../../lib/platform/tensorflow';
import { evaluate } from '../../lib/training/evaluate';
import { predict } from '../../lib/training/predict';
import { drawnSet } from '../fixtures';

it('evaluate(model, images) scores what predict reads, with names of its own', async () => {
  const model = buildBaseline({ hiddenUnits: 4 });
  const digits = drawnSet(20);
  const probabilities = await predict(model, digits.images);
  assert.deepEqual(
    await evaluate(model, digits),
    evaluateProbabilities(digits.labels, probabilities),
  );
  const classNames = [...'abcdefghij'];
  const { report } = await evaluate(model, digits, { classNames });
  assert.equal(report.classes[9].className, 'j');
  await assert.rejects(
    evaluate(model, digits, { classNames: ['a', 'b'] }),
    /RangeError: classNames has 2 names; expected 10, one for each class/,
  );
  model.dispose();
});

it('evaluate(model, images) takes a single output for the second of two classes', async () => {
  const layer = tf.layers.dense({ units: 1, activation: 'sigmoid', inputShape: [1] });
  const model = tf.sequential({ layers: [layer] });
  tf.tidy(() => model.setWeights([tf.tensor2d([[8]]), tf.tensor1d([-4])]));
  const images = { images: [0, 1, 0.75], labels: [0, 1, 0] };
  const { guesses, errors, probabilities } = await evaluate(model, images);
  assert.deepEqual([...guesses], [0, 1, 1]);
  assert.equal(errors, 1);
  const second = 1 / (1 + Math.exp(-4));
  assert.ok(Math.abs(probabilities[3] - second) < 1e-6, `${probabilities[3]}`);
  assert.ok(Math.abs(probabilities[2] + probabilities[3] - 1) < 1e-6);
  model.dispose();
});
