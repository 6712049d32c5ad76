import assert from 'node:assert/strict';
import { compareCurves, trainingCurves } from '../lib/curves';
import type { TrainingHistory } from '../lib/training';
import { assertReadable } from './fixtures';

it('trainingCurves(history) shows accuracy in percent beside loss, by whole epochs', () => {
  const figure = trainingCurves(history(3), 'Tiny');
  assert.equal(figure.data.length, 4);
  assert.equal(figure.layout.shapes, undefined);
  assert.deepEqual(figure.data[0].x, [1, 2, 3]);
  assert.deepEqual(figure.data[0].y, [91, 92, 93]);
  assert.deepEqual(figure.data[1].y, [81, 82, 83]);
  assert.deepEqual(figure.data[2].y, [0.1, 0.2, 0.3]);
  assert.deepEqual(figure.data[3].y, [1.1, 1.2, 1.3]);
  assert.equal(figure.data[3].yaxis, 'y2');
  assert.equal(figure.layout.xaxis?.dtick, 1);
  assert.match(
    figure.description,
    /highest in epoch 3 \(83\.00 %\).*lowest in epoch 1 \(1\.1000\)/,
  );
  assertReadable(figure);
});

it('trainingCurves(history) marks in both panels where the learning rate falls', () => {
  // As 32-bit numbers, which optimizers hold.
  const rates = [1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 1.25e-4, 2e-4].map(Math.fround);
  const figure = trainingCurves(history(7, rates), 'Slower');
  const { shapes = [], annotations = [] } = figure.layout;
  assert.deepEqual(
    shapes.map(({ x0, x1, xref }) => [x0, x1, xref]),
    [
      [3, 3, 'x'],
      [6, 6, 'x'],
      [3, 3, 'x2'],
      [6, 6, 'x2'],
    ],
  );
  assert.deepEqual(
    annotations.map(({ x, text }) => [x, text]),
    [3, 6, 3, 6].map((epoch) => [epoch, epoch === 3 ? '5e-4' : '1.25e-4']),
  );
  assert.deepEqual(
    figure.data.map(({ name, showlegend = true }) => (showlegend ? name : '')),
    ['training', 'validation', '', '', 'new learning rate'],
  );
  assert.match(figure.description, /rate falls to 5e-4 in epoch 3, 1\.25e-4 in epoch 6\./);
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
  const rates = Array.from({ length: 60 }, (_, index) => 1e-3 * 0.95 ** index);
  const { shapes, annotations = [] } = trainingCurves(history(60, rates)).layout;
  assert.equal(shapes?.length, 2 * 59);
  const written = annotations.filter(({ xref }) => xref === 'x2');
  assert.equal(written[0].x, 2);
  assert.ok(written.length > 5);
  // Half a panel is 164 pixels wide and shows 30 epochs; a character has 6 pixels.
  const ends = written.map(({ x, text = '' }) => {
    const middle = (x as number) * (164 / 30);
    return { left: middle - 3 * text.length, right: middle + 3 * text.length };
  });
  ends.slice(1).forEach(({ left }, index) => assert.ok(left > ends[index].right));
});

it('trainingCurves(history, title, { keptEpoch }) rings the validation of that epoch', () => {
  const figure = trainingCurves(history(3), 'Kept', { keptEpoch: 2 });
  const rings = figure.data.slice(4);
  assert.deepEqual(
    rings.map(({ name, x, y, yaxis }) => [name, x, y, yaxis]),
    [
      ['kept: epoch 2', [2], [82], 'y'],
      ['kept: epoch 2', [2], [1.2], 'y2'],
    ],
  );
  assert.deepEqual(
    rings.map(({ showlegend }) => showlegend),
    [true, false],
  );
  assert.match(figure.description, /The weights of epoch 2 were kept\.$/);
  assertReadable(figure);
});

it('trainingCurves(history, title, { keptEpoch }) rejects an epoch that was not finished', () => {
  assert.throws(() => trainingCurves(history(3), 'Kept', { keptEpoch: 4 }), {
    name: 'RangeError',
    message: 'keptEpoch is 4; expected a whole number from 1 to 3',
  });
});

it('trainingCurves(history) takes a training that was stopped in its first epoch', () => {
  const figure = trainingCurves(history(0), 'Stopped', { keptEpoch: 0 });
  assert.deepEqual(figure.data[0].y, []);
  assert.match(figure.description, /no epoch/);
});

it('compareCurves(runs) draws one line of validation accuracy for each run', () => {
  const figure = compareCurves([
    { name: 'one', history: history(2) },
    { name: 'two', history: history(30) },
  ]);
  assert.deepEqual(figure.data[0].y, [81, 82]);
  assert.equal(figure.data[1].y?.length, 30);
  assert.equal(figure.layout.xaxis?.dtick, 3);
  assert.match(figure.description, /one ends at 82\.00 %/);
  assertReadable(figure);
});

/** A made-up training in which every figure rises, at a rate of 1e-3 where none is given. */
function history(epochCount: number, learningRates: readonly number[] = []): TrainingHistory {
  const epochs = Array.from({ length: epochCount }, (_, index) => ({
    epoch: index + 1,
    loss: 0.1 * (index + 1),
    accuracy: 0.91 + 0.01 * index,
    validationLoss: 1.1 + 0.1 * index,
    validationAccuracy: 0.81 + 0.01 * index,
    learningRate: learningRates[index] ?? 1e-3,
    seconds: 2,
  }));
  return { epochs, seconds: 2 * epochCount, interrupted: false };
}
