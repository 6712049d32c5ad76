import assert from 'node:assert/strict';
import { classMap } from '../../lib/report/figures';
import { assertReadable, markupName } from '../fixtures';

const points = { x: [0, 1, 2, 3], y: [3, 2, 1, 0.5], labels: [0, 1, 1, 0] };

it('classMap(points) writes the first letter of each class where its images are', () => {
  const figure = classMap(points, { classNames: ['zero', 'one'], title: 'The last layer' });
  assert.deepEqual(
    figure.data.map(({ x, y, text }) => [x, y, text]),
    [
      [
        [0, 3],
        [3, 0.5],
        ['z', 'z'],
      ],
      [
        [1, 2],
        [2, 1],
        ['o', 'o'],
      ],
    ],
  );
  assert.equal((figure.data[1].hovertext as unknown as string[])[1], 'image 2, class one');
  assert.match(figure.description, /The last layer: 4 images of 2 classes as points/);
  assertReadable(figure);
});

it('classMap(points, { ringed }) puts a ring around some points', () => {
  const figure = classMap(points, { ringed: { name: 'misread', indices: [2] } });
  const rings = figure.data.at(-1);
  assert.deepEqual([rings?.x, rings?.y, rings?.name], [[2], [1], 'misread']);
  assert.match(figure.description, /1 have a ring: misread/);
  assertReadable(figure);
});

it('classMap(points) draws names letter by letter, and no points', () => {
  const classNames = [markupName, ''];
  const figure = classMap(points, { classNames, ringed: { name: markupName, indices: [] } });
  assert.doesNotMatch(JSON.stringify([figure.data, figure.layout]), /<b>zero|<a |\$x|%\{y\}/);
  assertReadable(classMap({ x: [], y: [], labels: [] }));
});

it('classMap(points) refuses what it cannot draw, by its name', () => {
  for (const [draw, message] of [
    [() => classMap(null as never), /TypeError: points is null; expected \{ x, y, labels \}/],
    [() => classMap({ ...points, x: [1] }), /points has 1 x, 4 y and 4 labels; expected as many/],
    [() => classMap({ ...points, labels: [0, 1, 1, 12] }), /labels\[3\] is 12, but classNames has/],
    [() => classMap({ ...points, y: [1, 2, NaN, 4] }), /y\[2\] is NaN; expected a finite number/],
    [() => classMap(points, { rings: [] } as never), /classMap has no option rings/],
    [
      () => classMap(points, { ringed: { name: 'misread', indices: [4] } }),
      /ringed\.indices\[0\] is 4; expected a whole number from 0 to 3/,
    ],
  ] as const) {
    assert.throws(draw, message);
  }
});
