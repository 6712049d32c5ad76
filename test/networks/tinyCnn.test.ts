import assert from 'node:assert/strict';
import { buildTinyCnn } from '../../lib/networks/tinyCnn';
import { itIsLikeKeras } from './besideKeras';

itIsLikeKeras('tinyCnn', buildTinyCnn, { filters: [[2, 3], [3]] });

it('tinyCnn has fewer than 20,000 parameters', () => {
  const model = buildTinyCnn();
  assert.ok(model.countParams() < 20_000);
  model.dispose();
});
