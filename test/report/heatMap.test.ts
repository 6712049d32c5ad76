import assert from 'node:assert/strict';
import { heatMap } from '../../lib/report/heatMap';

it('heatMap(title, cells) writes what has room, and is at most as high as wide', () => {
  const sizes = [
    [1, 3],
    [4, 3],
    [40, 3],
    [3, 40],
    [200, 200],
  ].map(([rows, columns]) => {
    const { data, layout } = heatMap('Map', cellsOf(rows, columns));
    const inner = [
      (layout.width as number) - (layout.margin?.l as number) - (layout.margin?.r as number),
      (layout.height as number) - (layout.margin?.t as number) - (layout.margin?.b as number),
    ];
    return [...inner, (data[0].text as unknown as string[][])[0][0]];
  });
  assert.deepEqual(sizes, [
    [460, 200, '99.12'],
    [460, 460, '99.12'],
    [840, 840, '99.12'],
    [840, 200, ''],
    [840, 840, ''],
  ]);
});

it('heatMap(title, cells) has the first row above, and leaves cells of null white', () => {
  const { data, layout } = heatMap('Map', { ...cellsOf(2, 1), depths: [[null], [1]] });
  assert.deepEqual(layout.yaxis?.range, [1.5, -0.5]);
  assert.deepEqual(data[0].z, [[null], [1]]);
});

function cellsOf(rows: number, columns: number) {
  const cells = <Content>(content: Content) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => content));
  const names = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);
  return {
    rows: { title: 'down', names: names(rows) },
    columns: { title: 'right', names: names(columns) },
    ...{ texts: cells('99.12'), hovers: cells('all of it'), depths: cells(1) },
    range: [0, 1] as const,
    bar: { title: 'depth' },
  };
}
