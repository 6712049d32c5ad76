import assert from 'node:assert/strict';
import { buildRegularizedCnn } from '../../lib/networks/regularizedCnn';
import { itIsLikeKeras, tinySizes } from './besideKeras';

itIsLikeKeras('regularizedCnn', buildRegularizedCnn);

it('buildRegularizedCnn(options) takes its drop-out rates', () => {
  const model = buildRegularizedCnn({ ...tinySizes, blockDropout: 0.1, denseDropout: 0.2 });
  const rates = model.layers
    .filter((layer) => layer.getClassName() === 'Dropout')
    .map((layer) => layer.getConfig().rate);
  assert.deepEqual(rates, [0.1, 0.1, 0.2]);
  model.dispose();
});
