import assert from 'node:assert/strict';
import {
  architectureNames,
  builderOf,
  type ArchitectureName,
} from '../../lib/networks/architectures';

it('builderOf(name) gives networks of the parameters that their paper sums give', () => {
  assert.deepEqual(
    architectureNames.map((name) => {
      const model = builderOf(name)({});
      const parameters = model.countParams();
      model.dispose();
      return [name, model.name, parameters];
    }),
    [
      ['baseline', 'baseline', 101_770],
      ['simple-cnn', 'simple_cnn', 225_034],
      ['regularized-cnn', 'regularized_cnn', 225_930],
      ['deeper-cnn', 'deeper_cnn', 468_714],
      ['residual-cnn', 'residual_cnn', 290_730],
      ['tiny-cnn', 'tiny_cnn', 18_778],
      ['fast-cnn', 'fast_cnn', 56_970],
    ],
  );
});

it('builderOf(name) refuses a name that is none of them', () => {
  for (const name of ['vgg', 'toString'] as string[] as ArchitectureName[]) {
    assert.throws(() => builderOf(name), {
      name: 'RangeError',
      message: new RegExp(`^architecture is ${name}; expected one of baseline, .*fast-cnn, or a `),
    });
  }
});
