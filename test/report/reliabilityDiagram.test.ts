import assert from 'node:assert/strict';
import { reliabilityDiagram } from '../../lib/report/reliabilityDiagram';
import { assertReadable, escapedMarkupName, markupName, sixtyLetters } from '../fixtures';

const before = [
  { low: 0.4, high: 0.6, count: 4, confidence: 0.5, accuracy: 0.25 },
  { low: 0.8, high: 1, count: 96, confidence: 0.95, accuracy: 0.9375 },
];
const after = [{ low: 0.8, high: 1, count: 1000, confidence: 0.91, accuracy: 0.91 }];

it('reliabilityDiagram(series) shows accuracy against mean confidence, with Wilson intervals', () => {
  const figure = reliabilityDiagram([{ name: 'before', bins: before }]);
  const [points] = figure.data;
  assert.deepEqual(
    [points.x, points.y],
    [
      [50, 95],
      [25, 93.75],
    ],
  );
  // wilsonInterval(1, 4) is 4.5587 to 69.9358 %.
  assert.deepEqual((points.error_y as { array: number[] }).array[0], 44.936);
  assert.deepEqual((points.error_y as { arrayminus: number[] }).arrayminus[0], 20.441);
  assert.equal(
    (points.hovertext as string[])[0],
    'before: 25.00 % right, 50.00 % sure on average, 4 images',
  );
  assertReadable(figure);
});

it('reliabilityDiagram(series) shows below how many images each bin has, on a logarithmic scale', () => {
  const figure = reliabilityDiagram([{ name: 'before', bins: before }]);
  const [, bars] = figure.data;
  assert.deepEqual([bars.type, bars.yaxis, bars.y], ['bar', 'y2', [4, 96]]);
  assert.deepEqual(
    [bars.x, bars.width],
    [
      [50, 90],
      [17, 17],
    ],
  );
  assert.equal(figure.layout.yaxis2?.type, 'log');
  assert.deepEqual(figure.layout.yaxis2?.tickvals, [1, 10, 100]);
  const [bottom, top] = figure.layout.yaxis2?.range as number[];
  assert.ok(bottom < 0 && top > Math.log10(96));
});

it('reliabilityDiagram(series) draws the diagonal, which is above a network that is too sure', () => {
  const { shapes, yaxis, yaxis2 } = reliabilityDiagram([{ name: 'before', bins: before }]).layout;
  assert.deepEqual(
    shapes?.map(({ x0, y0, x1, y1 }) => [x0, y0, x1, y1]),
    [[0, 0, 100, 100]],
  );
  assert.ok((yaxis?.domain?.[0] as number) > (yaxis2?.domain?.[1] as number));
});

it('reliabilityDiagram(series) compares two series, their bars side by side', () => {
  const figure = reliabilityDiagram(
    [
      { name: 'before', bins: before },
      { name: 'after', bins: after },
    ],
    { title: 'Temperature' },
  );
  assert.deepEqual(
    figure.data.map(({ name, type, showlegend = true }) => [name, type, showlegend]),
    [
      ['before', 'scatter', true],
      ['after', 'scatter', true],
      ['before', 'bar', false],
      ['after', 'bar', false],
    ],
  );
  const [, , first, second] = figure.data;
  assert.deepEqual([first.x, second.x], [[45.75, 85.75], [94.25]]);
  assert.deepEqual([first.width, second.width], [[8.5, 8.5], [8.5]]);
  assert.notEqual(first.marker?.color, second.marker?.color);
  assertReadable(figure);
});

it('reliabilityDiagram(series) says in words how sure, how right and how far apart', () => {
  const { description } = reliabilityDiagram([
    { name: 'before', bins: before },
    { name: 'after', bins: after },
  ]);
  // (4 * 0.5 + 96 * 0.95) / 100, (1 + 90) / 100 and (4 * 0.25 + 96 * 0.0125) / 100.
  assert.match(
    description,
    /before: 93\.20 % sure on average and 91\.00 % right.* error 2\.20 %\./,
  );
  assert.match(description, /after: 91\.00 % sure on average and 91\.00 % right.* error 0\.00 %\./);
});

it('reliabilityDiagram(series) draws names letter by letter, and keeps equal ones apart', () => {
  const { data } = reliabilityDiagram([
    { name: 'same', bins: before },
    { name: 'same', bins: after },
    { name: markupName, bins: after },
    { name: sixtyLetters, bins: after },
  ]);
  const groups = data.slice(0, 4).map(({ legendgroup }) => legendgroup);
  assert.equal(new Set(groups).size, 4);
  assert.equal(new Set(data.slice(0, 4).map(({ line }) => line?.color)).size, 4);
  assert.deepEqual(
    data.slice(4).map(({ legendgroup }) => legendgroup),
    groups,
  );
  assert.doesNotMatch(JSON.stringify(data), /<b>zero|<a |\$x|%\{y\}/);
  assert.ok((data[2].hovertext as string[])[0].startsWith(`${escapedMarkupName}: 91.00 % right`));
  assert.ok((data[3].name as string).length <= 32);
  assert.ok((data[3].hovertext as string[])[0].replace('<br>', ' ').startsWith(sixtyLetters));
});

it('reliabilityDiagram(series) takes series without images, and rejects more than four', () => {
  const figure = reliabilityDiagram([{ name: 'nothing', bins: [] }]);
  assert.match(figure.description, /nothing: no images\.$/);
  assertReadable(figure);
  assertReadable(reliabilityDiagram([]));
  const five = Array.from({ length: 5 }, () => ({ name: 'same', bins: after }));
  assert.throws(
    () => reliabilityDiagram(five),
    /^RangeError: series has 5 entries; expected at most 4/,
  );
});
