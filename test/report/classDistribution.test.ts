import assert from 'node:assert/strict';
import { classDistribution } from '../../lib/report/figures';
import { assertReadable, classNames, drawnSet } from '../fixtures';

it('classDistribution(data) gives shares of each set that add up to 100 %', () => {
  const [train, validation, test] = [drawnSet(4), drawnSet(1), drawnSet(2)];
  const figure = classDistribution({
    ...{ train, validation, test, classNames },
    ...{ source: 'drawn', isSample: false },
  });
  assert.deepEqual(
    figure.data.map(({ name }) => name),
    ['training (24)', 'validation (6)', 'test (12)'],
  );
  for (const { y } of figure.data) {
    assert.equal((y as number[])[4], 0);
    const total = (y as number[]).reduce((sum, share) => sum + share, 0);
    assert.ok(Math.abs(total - 100) < 0.01);
  }
  assert.equal((figure.data[0].hovertext as string[])[5], '4 images');
  assertReadable(figure);
});

it('classDistribution(data) rejects a label without a name', () => {
  const set = drawnSet(1);
  const data = { train: set, validation: set, test: set, source: 'drawn', isSample: false };
  assert.throws(() => classDistribution({ ...data, classNames: classNames.slice(0, 5) }), {
    name: 'RangeError',
    message: /^labels\[4\] of the training set is 5, but classNames has 5 names/,
  });
});

it('classDistribution(data) takes sets without images', () => {
  const none = { images: new Float32Array(), labels: new Uint8Array(), count: 0 };
  const figure = classDistribution({
    ...{ train: none, validation: none, test: none, classNames: ['only'] },
    ...{ source: 'none', isSample: false },
  });
  assert.deepEqual(figure.data[0].y, [0]);
  assertReadable(figure);
});
