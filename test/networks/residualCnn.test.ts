import assert from 'node:assert/strict';
import { buildResidualCnn } from '../../lib/networks/residualCnn';
import { describeCoverage } from '../../lib/engine/index';
import { itIsLikeKeras } from './besideKeras';

itIsLikeKeras('residualCnn', buildResidualCnn, { filters: [2, 3, 3] });

it('residualCnn has at most a million parameters, and the engine trains it', () => {
  const model = buildResidualCnn();
  assert.ok(model.countParams() <= 1_000_000);
  assert.match(describeCoverage(model), /is trained by the engine/);
  model.dispose();
});

it('residualCnn refuses sizes that there are not, as the others do', () => {
  assert.throws(() => buildResidualCnn({ classCount: 1 }), /classCount is 1; expected/);
});
