import assert from 'node:assert/strict';
import { trainingCurves } from '../../lib/report/figures';
import { assertReadable, escapedMarkupName, markupName } from '../fixtures';
import { epochOf, history } from './madeUpHistory';

it('trainingCurves(history) shows accuracy, on the scale of its error, beside loss', () => {
  const figure = trainingCurves(history(3), { title: 'Tiny' });
  const { layout } = figure;
  assert.equal(figure.data.length, 4);
  assert.equal(layout.shapes, undefined);
  assert.deepEqual(figure.data[0].x, [1, 2, 3]);
  assert.deepEqual(figure.data[0].y, [9, 8, 7]);
  assert.deepEqual(figure.data[1].y, [19, 18, 17]);
  assert.deepEqual(figure.data[1].hovertext, ['81.00 %', '82.00 %', '83.00 %']);
  assert.deepEqual(figure.data[2].y, [0.1, 0.2, 0.3]);
  assert.deepEqual(figure.data[3].y, [1.1, 1.2, 1.3]);
  assert.deepEqual(figure.data[3].hovertext, ['1.100', '1.200', '1.300']);
  assert.equal(figure.data[3].yaxis, 'y2');
  assert.equal(layout.xaxis?.dtick, 1);
  assert.match(
    figure.description,
    /highest in epoch 3 \(83\.00 %\).*lowest in epoch 1 \(1\.1000\)/,
  );
  assertReadable(figure);
});

it('trainingCurves(history) has logarithmic axes, the best on top and at the bottom', () => {
  const { yaxis, yaxis2 } = trainingCurves(history(3)).layout;
  assert.deepEqual([yaxis?.type, yaxis2?.type], ['log', 'log']);
  const [bottom, top] = yaxis?.range as number[];
  assert.ok(
    bottom > Math.log10(19) && top < Math.log10(7),
    'from the most errors up to the fewest',
  );
  const [low, high] = yaxis2?.range as number[];
  assert.ok(low < Math.log10(0.1) && high > Math.log10(1.3));
  const errors = yaxis?.tickvals as number[];
  assert.ok(errors.length >= 3);
  errors.forEach((error, index) => {
    assert.equal(Number(yaxis?.ticktext?.[index]), 100 - error);
  });
});

it('trainingCurves(history) shows late epochs as far from each other as a poor first one', () => {
  const shares = [0.7, 0.97, 0.99, 0.997];
  const { data, layout } = trainingCurves({
    ...history(0),
    epochs: shares.map((share, index) => ({
      ...epochOf(index + 1),
      ...{ accuracy: share, validationAccuracy: share },
    })),
  });
  const heights = (data[1].y as number[]).map((error) => Math.log10(error));
  const [bottom, top] = layout.yaxis?.range as number[];
  assert.ok((heights[2] - heights[3]) / (bottom - top) > 0.2);
});

it('trainingCurves(history) draws what has no logarithm: an accuracy of 100 %, a loss of 0', () => {
  const epochs = [0.98, 1, 1].map((accuracy, index) => ({
    ...epochOf(index + 1),
    ...{ accuracy, loss: index === 2 ? 0 : 0.2 },
  }));
  const { data, layout } = trainingCurves({ ...history(0), epochs });
  // Half of the smallest error above 0, and of the smallest loss.
  assert.deepEqual(data[0].y, [2, 1, 1]);
  assert.deepEqual(data[2].y, [0.2, 0.2, 0.1]);
  assert.deepEqual(data[0].hovertext, ['98.00 %', '100.00 %', '100.00 %']);
  const ticksOf = ({ tickvals, ticktext }: { tickvals?: unknown[]; ticktext?: string[] } = {}) =>
    new Map(tickvals?.map((at, index) => [at, ticktext?.[index]]));
  assert.equal(ticksOf(layout.yaxis as object).get(1), '100');
  assert.equal(ticksOf(layout.yaxis2 as object).get(0.1), '0');
});

it('trainingCurves(history) takes losses below 0, on an even scale', () => {
  const epochs = [3, -1].map((loss, index) => ({ ...epochOf(index + 1), loss }));
  const { data, layout } = trainingCurves({ ...history(0), epochs });
  assert.deepEqual(data[2].y, [3, -1]);
  assert.notEqual(layout.yaxis2?.type, 'log');
});

it('trainingCurves(history) leaves a gap where a value is missing', () => {
  const epochs = [NaN, 0.9, null, Infinity].map((validationLoss, index) => ({
    ...epochOf(index + 1),
    validationLoss: validationLoss as number,
  }));
  const { data, description } = trainingCurves({ ...history(0), epochs });
  assert.deepEqual(data[3].y, [null, 0.9, null, null]);
  assert.equal(JSON.parse(JSON.stringify(data[3])).y[2], null);
  assert.match(description, /loss is lowest in epoch 2 \(0\.9000\)/);
});

it('trainingCurves(history) has no curve of a validation that was not made, and says so', () => {
  const epochs = [1, 2].map((epoch) => ({
    ...epochOf(epoch),
    ...{ validationLoss: NaN, validationAccuracy: NaN },
  }));
  const { data, description } = trainingCurves({ ...history(0), epochs });
  assert.deepEqual(
    data.map(({ name }) => name),
    ['training', 'training'],
  );
  assert.match(description, /no validation accuracy; training accuracy ends at 92\.00 %/);
  assert.doesNotMatch(description, /NaN|loss is/);
});

it('trainingCurves(history) rejects an accuracy that is none', () => {
  const epochs = [{ ...epochOf(1), accuracy: 27.1 }];
  assert.throws(() => trainingCurves({ ...history(0), epochs }), {
    name: 'RangeError',
    message: 'history.epochs[0].accuracy is 27.1; expected a share from 0 to 1',
  });
});

it('trainingCurves(history, { title }) draws the title letter by letter, and describes it as it is', () => {
  const figure = trainingCurves(history(1), { title: markupName });
  assert.ok(
    JSON.stringify(figure.layout.title).includes(JSON.stringify(escapedMarkupName).slice(1, -1)),
  );
  assert.ok(figure.description.startsWith(markupName));
});

it('trainingCurves(history) stays light, and draws every extreme of a long training', () => {
  const long = history(5000);
  const epochs = long.epochs.map((result, index) => ({
    ...result,
    ...{ accuracy: 0.9, loss: 0.3, validationLoss: index === 1234 ? 7 : 1 },
    validationAccuracy: index === 4321 ? 0.99 : 0.8 + (index % 100) / 1000,
  }));
  const figure = trainingCurves({ ...long, epochs }, { title: 'Long', keptEpoch: 2222 });
  assert.ok(JSON.stringify(figure).length < 150_000);
  const drawn = figure.data[0].x as number[];
  for (const epoch of [1, 1235, 2222, 4322, 5000]) assert.ok(drawn.includes(epoch), `${epoch}`);
  assert.deepEqual(
    drawn,
    [...drawn].sort((one, other) => one - other),
  );
  assert.equal(new Set(drawn).size, drawn.length);
  assert.equal(figure.data[0].mode, 'lines');
  assert.ok(figure.description.includes(`${drawn.length} of 5,000 epochs are drawn`));
  assert.ok(5000 / (figure.layout.xaxis?.dtick as number) <= 8);
  assertReadable(figure);
});

it('trainingCurves(history, { keptEpoch }) rings the validation of that epoch', () => {
  const figure = trainingCurves(history(3), { title: 'Kept', keptEpoch: 2 });
  const rings = figure.data.slice(4);
  assert.deepEqual(
    rings.map(({ name, x, y, yaxis }) => [name, x, y, yaxis]),
    [
      ['kept: epoch 2', [2], [18], 'y'],
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

it('trainingCurves(history, { keptEpoch }) rejects an epoch that was not finished', () => {
  assert.throws(() => trainingCurves(history(3), { title: 'Kept', keptEpoch: 4 }), {
    name: 'RangeError',
    message: 'keptEpoch is 4; expected a whole number from 1 to 3',
  });
});

it('trainingCurves(history) takes a training that was stopped in its first epoch', () => {
  const figure = trainingCurves(history(0), { title: 'Stopped', keptEpoch: 0 });
  assert.deepEqual(figure.data[0].y, []);
  assert.match(figure.description, /no epoch/);
});
