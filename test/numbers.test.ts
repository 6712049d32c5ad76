import assert from 'node:assert/strict';
import { percent, thousands } from '../lib/numbers';

it('thousands(value, decimals) puts a comma between thousands and rounds', () => {
  assert.equal(thousands(0), '0');
  assert.equal(thousands(999), '999');
  assert.equal(thousands(1_234_567.5), '1,234,568');
  assert.equal(thousands(1234.5, 2), '1,234.50');
});

it('percent(share, decimals) writes a share in percent', () => {
  assert.equal(percent(0.97312), '97.31 %');
  assert.equal(percent(1), '100.00 %');
  assert.equal(percent(0.987, 1), '98.7 %');
  assert.equal(percent(0, 0), '0 %');
});
