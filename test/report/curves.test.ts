import assert from 'node:assert/strict';
import { curves } from '../../lib/report/figures';
import { assertReadable, escapedMarkupName, markupName, sixtyLetters } from '../fixtures';

const clock = [
  { name: 'ours', x: [0.5, 1, 2.5], y: [0.9, 0.97, 0.99] },
  { name: 'Keras', x: [1, 4], y: [0.9, null] },
];

it('curves(series, { xTitle }) draws accuracies by places of each, on a scale of the error', () => {
  const figure = curves(clock, { title: 'The clock', xTitle: 'seconds of training' });
  assert.deepEqual(figure.data[0].x, [0.5, 1, 2.5]);
  assert.deepEqual(figure.data[0].y, [10, 3, 1]);
  assert.deepEqual(figure.data[1].y, [10, null]);
  assert.equal((figure.data[0].hovertext as unknown as string[])[2], '99.00 % at 2.5');
  assert.deepEqual([figure.layout.xaxis?.type, figure.layout.yaxis?.type], [undefined, 'log']);
  assert.match(figure.description, /ours ends at 99\.00 %; Keras has no value at its end/);
  assertReadable(figure);
});

it('curves(series, { targets, xScale }) has a line across for each target', () => {
  const figure = curves(clock, {
    xTitle: 'seconds of training',
    xScale: 'log',
    targets: [0.99, 0.995],
  });
  const lines = figure.data.slice(2);
  assert.deepEqual(
    lines.map(({ x, y, text }) => [x, y, text]),
    [
      [
        [0.5, 4],
        [1, 1],
        ['99.00 %', ''],
      ],
      [
        [0.5, 4],
        [0.5, 0.5],
        ['99.50 %', ''],
      ],
    ],
  );
  const [bottom, top] = figure.layout.yaxis?.range as number[];
  assert.ok(top < Math.log10(0.5) && bottom > 1, 'the axis reaches the targets');
  assert.equal(figure.layout.xaxis?.type, 'log');
  assertReadable(figure);
});

it("curves(series, { yScale: 'log' }) draws amounts, and whole places have whole ticks", () => {
  const figure = curves(
    [
      { name: 'with skips', x: [1, 2, 3], y: [0.5, 0.4, 0.45] },
      { name: 'without', x: [1, 2, 3], y: [1e-6, 1e-3, 0.5] },
    ],
    { xTitle: 'layer', yTitle: 'size of the gradient (norm)', yScale: 'log' },
  );
  assert.deepEqual(figure.data[1].y, [1e-6, 1e-3, 0.5]);
  assert.equal(figure.layout.xaxis?.dtick, 1);
  assert.equal((figure.data[1].hovertext as unknown as string[])[0], '0.000001');
  const [bottom, top] = figure.layout.yaxis?.range as number[];
  assert.ok(bottom < top);
  const ticks = figure.layout.yaxis?.ticktext as string[];
  assert.ok(ticks.includes('1e-6') && ticks.every((text) => text.length <= 5), ticks.join());
  assert.match(figure.description, /on a logarithmic scale\. with skips ends at 0\.45/);
  assertReadable(figure);
});

it('curves(series) has whiskers where intervals are known, within the axis', () => {
  const intervals = [
    { low: 0.85, high: 0.95 },
    { low: 0.96, high: 1 },
  ];
  const figure = curves([{ name: 'ours', x: [1, 2], y: [0.9, 0.98], intervals }], {
    xTitle: 'examples',
  });
  const { array, arrayminus } = figure.data[0].error_y as unknown as Record<string, number[]>;
  assert.deepEqual(array, [5, 2]);
  // An error of 0 is drawn at half the least one.
  assert.deepEqual(arrayminus, [5, 1]);
  const [bottom, top] = figure.layout.yaxis?.range as number[];
  assert.ok(bottom > Math.log10(15) && top < 0, 'the axis reaches the ends');
  assertReadable(figure);
});

it('curves(series) keeps long names and markup readable, and takes empty and long series', () => {
  const many = Array.from({ length: 2000 }, (_, index) => index + 0.5);
  const figure = curves(
    [
      { name: markupName, x: [], y: [] },
      { name: sixtyLetters, x: many, y: many.map((place) => (place === 1234.5 ? 0.1 : 0.9)) },
    ],
    { xTitle: 'seconds', yTitle: markupName },
  );
  assert.doesNotMatch(JSON.stringify([figure.data, figure.layout]), /<b>zero|<a |\$x|%\{y\}/);
  assert.ok(figure.data[0].hovertemplate?.toString().startsWith(escapedMarkupName));
  assert.ok((figure.data[1].name?.length as number) <= 28);
  assert.ok((figure.data[1].x?.length as number) < 300);
  assert.ok((figure.data[1].y as number[]).includes(90));
  assert.match(figure.description, /nothing to show/);
  assertReadable(figure);
  assertReadable(curves([], { xTitle: 'seconds', targets: [0.99] }));
});

it('curves(series) refuses what it cannot draw, by its name', () => {
  const seconds = { xTitle: 'seconds' };
  const clash = { low: 0.4, high: 99 };
  const one = (x: unknown, y: unknown) => [{ name: 'one', x, y }] as never;
  for (const [draw, message] of [
    [() => curves(null as never, seconds), /TypeError: series is null; expected an array/],
    [() => curves([null as never], seconds), /TypeError: series\[0\] is no \{ name, x, y \}/],
    [() => curves([], undefined as never), /TypeError: xTitle is undefined/],
    [() => curves([], { ...seconds, colour: 'red' } as never), /curves has no option colour/],
    [() => curves(one([1, 2], [0.5]), seconds), /series\[0\] has 2 places and 1 values/],
    [
      () => curves([{ name: 'one', x: [1], y: [0.5], intervals: [clash, clash] }], seconds),
      /series\[0\] has 1 values and 2 intervals; expected one for each/,
    ],
    [
      () => curves([{ name: 'one', x: [1], y: [0.5], intervals: [clash] }], seconds),
      /series\[0\]\.intervals\[0\]\.high is 99; expected a share/,
    ],
    [() => curves(one([1], [99]), seconds), /series\[0\]\.y\[0\] is 99; expected a share from 0/],
    [() => curves(one([NaN], [0.5]), seconds), /series\[0\]\.x\[0\] is NaN; expected a finite/],
    [
      () => curves(one([0], [0.5]), { ...seconds, xScale: 'log' }),
      /x\[0\] is 0; expected a number/,
    ],
    [
      () => curves(one([1], [-1]), { ...seconds, yScale: 'log' }),
      /y\[0\] is -1; expected a number/,
    ],
    [() => curves([], { ...seconds, targets: [99] }), /targets\[0\] is 99; expected a share/],
    [
      () => curves([], { ...seconds, yScale: 'even' as never }),
      /yScale is even; expected accuracy/,
    ],
  ] as const) {
    assert.throws(draw, message);
  }
});
