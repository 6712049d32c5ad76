import assert from 'node:assert/strict';
import { compareCurves } from '../../lib/report/figures';
import { assertReadable, escapedMarkupName, markupName, sixtyLetters } from '../fixtures';
import { history } from './madeUpHistory';

it('compareCurves(runs) draws one line of validation accuracy for each run', () => {
  const figure = compareCurves([
    { name: 'one', history: history(2) },
    { name: 'two', history: history(30) },
    { name: 'none', history: history(0) },
  ]);
  assert.deepEqual(figure.data[0].y, [19, 18]);
  assert.equal(figure.data[1].y?.length, 30);
  assert.equal(figure.layout.yaxis?.type, 'log');
  assert.equal(figure.layout.xaxis?.dtick, 5);
  assert.match(figure.description, /one ends at 82\.00 %.*none: nothing to show/);
  assertReadable(figure);
});

it('compareCurves(runs) keeps long and equal names apart, whole on hovering', () => {
  const names = [
    markupName,
    ...[1, 2, 3, 4].map((run) => `${sixtyLetters} ${run}`),
    'same',
    'same',
  ];
  const figure = compareCurves(names.map((name) => ({ name, history: history(2) })));
  const shown = figure.data.map(({ name = '' }) => name.replace(/&#(\d+);/g, '_'));
  assert.equal(figure.data.length, 7);
  assert.equal(new Set(shown).size, 6);
  shown.forEach((name) => assert.ok(name.length <= 28, name));
  assert.ok(
    figure.data[0].hovertemplate?.toString().startsWith(`${escapedMarkupName}: %{hovertext}`),
  );
  // Beside the curves, where names of any length leave them their width.
  assert.ok((figure.layout.legend?.x as number) > 1);
  assertReadable(figure);
});

it('compareCurves(runs) tells 32 runs apart, and rejects more', () => {
  const runs = Array.from({ length: 33 }, (_, run) => ({ name: `${run}`, history: history(1) }));
  const { data } = compareCurves(runs.slice(0, 32));
  assert.equal(
    new Set(data.map(({ line, marker }) => `${line?.color} ${marker?.symbol}`)).size,
    32,
  );
  assert.throws(() => compareCurves(runs), {
    name: 'RangeError',
    message: /^series has 33 entries; expected at most 32/,
  });
});

it('compareCurves(runs) refuses what has no history', () => {
  assert.throws(() => compareCurves(null as never), /TypeError: runs is null; expected an array/);
  assert.throws(
    () => compareCurves([null as never]),
    /TypeError: runs\[0\]\.history is undefined; expected a history/,
  );
});
