import assert from 'node:assert/strict';
import { trainingCurves } from '../../lib/report/figures';
import { showRates } from '../../lib/report/rateCurves';
import type { TrainingHistory } from '../../lib/training/train';
import { assertReadable } from '../fixtures';

it('showRates(epochs) adds nothing where the rate stays, is missing, or there is no epoch', () => {
  const missing = [1e-3, NaN, null as unknown as number, 1e-3];
  for (const { epochs } of [history(9, []), history(4, missing), history(0, [])]) {
    const { traces, arrange, words } = showRates(epochs, epochs);
    const layout = { height: 1 };
    assert.deepEqual([traces, arrange(layout), words], [[], layout, '']);
  }
});

it('showRates(epochs) writes a rate of 0', () => {
  const { epochs } = history(2, [1e-3, 0]);
  assert.equal(showRates(epochs, epochs).words, 'The learning rate becomes 0 in epoch 2.');
});

it('trainingCurves(history) marks in both panels where the learning rate changes', () => {
  // As 32-bit numbers, which optimizers hold.
  const rates = [1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 1.25e-4, 2e-4].map(Math.fround);
  const figure = trainingCurves(history(7, rates), { title: 'Slower' });
  const { shapes = [], annotations = [] } = figure.layout;
  assert.deepEqual(
    shapes.map(({ x0, x1, xref }) => [x0, x1, xref]),
    ['x', 'x2'].flatMap((panel) => [3, 6, 7].map((epoch) => [epoch, epoch, panel])),
  );
  assert.deepEqual(
    annotations.map(({ x, text }) => [x, text]),
    [3, 6, 7, 3, 6, 7].map((epoch) => {
      return [epoch, { 3: '5e-4', 6: '1.25e-4', 7: '2e-4' }[epoch]];
    }),
  );
  assert.deepEqual(
    figure.data.map(({ name, showlegend = true }) => (showlegend ? name : '')),
    ['training', 'validation', '', '', 'new learning rate'],
  );
  assert.match(
    figure.description,
    /rate becomes 5e-4 in epoch 3, 1\.25e-4 in epoch 6, 2e-4 in epoch 7\./,
  );
  assertReadable(figure);
});

it('trainingCurves(history) gives rates a row of their own, below title and legend', () => {
  const plain = trainingCurves(history(15)).layout;
  const rates = Array.from({ length: 15 }, (_, index) => 1e-3 / 2 ** Math.floor(index / 4));
  const layout = trainingCurves(history(15, rates)).layout;
  const row = (layout.height as number) - (plain.height as number);
  const panels =
    (plain.height as number) - (plain.margin?.t as number) - (plain.margin?.b as number);
  assert.equal((layout.margin?.t as number) - (plain.margin?.t as number), row);
  assert.ok(
    Math.abs((layout.legend?.y as number) - (plain.legend?.y as number) - row / panels) < 1e-9,
  );
  assert.ok(row >= 1.3 * (layout.annotations?.[0].font?.size as number));
  assert.equal(layout.annotations?.length, 6);
});

it('trainingCurves(history) writes fewer rates than would overlap, but draws every line', () => {
  const rates = Array.from({ length: 500 }, (_, index) =>
    index < 100 ? 1e-3 : index < 102 ? 5e-4 : 1e-4,
  );
  const { shapes, annotations = [] } = trainingCurves(history(500, rates)).layout;
  assert.equal(shapes?.length, 2 * 2);
  assert.deepEqual(
    annotations.map(({ x }) => x),
    [101, 101],
  );
});

it('trainingCurves(history) gives a schedule curves of its own, and no line for each epoch', () => {
  const rates = Array.from({ length: 500 }, (_, index) => 1e-3 * 0.99 ** index);
  const figure = trainingCurves(history(500, rates), { title: 'Schedule' });
  assert.equal(figure.layout.shapes, undefined);
  const curves = figure.data.filter(({ name }) => name === 'learning rate');
  assert.deepEqual(
    curves.map(({ xaxis, yaxis, showlegend }) => [xaxis, yaxis, showlegend]),
    [
      ['x', 'y3', true],
      ['x2', 'y4', false],
    ],
  );
  assert.deepEqual(curves[0].y, rates);
  assert.equal((curves[0].hovertext as string[])[499], '6.64e-6');
  assert.ok(
    (figure.layout.yaxis3?.domain?.[1] as number) < (figure.layout.yaxis?.domain?.[0] as number),
  );
  assert.match(figure.description, /rate, below, changes 499 times, from 1e-3 to 6\.64e-6\./);
  assertReadable(figure);
});

/** A made-up training, at a rate of 1e-3 where none is given. */
function history(epochCount: number, learningRates: readonly number[] = []): TrainingHistory {
  const epochs = Array.from({ length: epochCount }, (_, index) => ({
    epoch: index + 1,
    ...{ loss: 0.2, accuracy: 0.95, validationLoss: 0.1, validationAccuracy: 0.97 },
    learningRate: index in learningRates ? learningRates[index] : 1e-3,
    seconds: 2,
  }));
  return { epochs, seconds: 2 * epochCount, interrupted: false };
}
