import assert from 'node:assert/strict';
import {
  percent,
  requireKnown,
  requireNumber,
  requireParts,
  requireWhole,
  round,
  thousands,
} from '../../lib/platform/numbers';

it('thousands(value, decimals) puts a comma between thousands and rounds', () => {
  assert.equal(thousands(0), '0');
  assert.equal(thousands(999), '999');
  assert.equal(thousands(1_234_567.5), '1,234,568');
  assert.equal(thousands(1234.5, 2), '1,234.50');
});

it('requireWhole(name, value, least, most) passes whole numbers of the range, its ends included', () => {
  for (const value of [1, 2, 3]) requireWhole('epochs', value, 1, 3);
  requireWhole('epochs', Number.MAX_SAFE_INTEGER, 1);
});

it('requireWhole(name, value, least, most) refuses all else and names the range', () => {
  for (const value of [0, 4, 1.5, NaN, Infinity]) {
    assert.throws(() => requireWhole('epochs', value, 1, 3), {
      name: 'RangeError',
      message: `epochs is ${value}; expected a whole number from 1 to 3`,
    });
  }
  assert.throws(() => requireWhole('epochs', 0, 1), /expected a whole number from 1$/);
});

it('percent(share, decimals) writes a share in percent', () => {
  assert.equal(percent(0.97312), '97.31 %');
  assert.equal(percent(1), '100.00 %');
  assert.equal(percent(0.987, 1), '98.7 %');
  assert.equal(percent(0, 0), '0 %');
});

it('requireNumber(name, value, expected, isInRange) refuses what is out of range, NaN or infinite', () => {
  requireNumber('rate', 0.5, 'a number above 0', true);
  requireNumber('rate', -1, 'a number');
  for (const value of [NaN, Infinity, -Infinity, 0]) {
    assert.throws(() => requireNumber('rate', value, 'a number above 0', value > 0), {
      name: 'RangeError',
      message: `rate is ${value}; expected a number above 0`,
    });
  }
});

it('round(value, digits) keeps so many digits after the point', () => {
  assert.deepEqual(
    [round(1.23456, 3), round(-0.5, 0), round(7, 2), round(1e-7, 3)],
    [1.235, -1, 7, 0],
  );
});

it('requireKnown(caller, options, known) names an option that there is not', () => {
  requireKnown('train', { epochs: 1 }, ['epochs', 'batchSize']);
  assert.throws(
    () => requireKnown('train', { epochs: 1, batchsize: 3 }, ['epochs', 'batchSize']),
    /TypeError: train has no option batchsize; expected one of epochs, batchSize/,
  );
});

it('requireWhole(name, value, least) tells a text from a number', () => {
  assert.throws(
    () => requireWhole('epochs', '1' as unknown as number, 1),
    /epochs is "1"; expected/,
  );
});

it('requireParts(name, value, parts, expected) says what is missing', () => {
  requireParts('history', { epochs: [] }, ['epochs'], 'what train gives');
  const cases: [unknown, RegExp][] = [
    [{ epoch: [] }, /^TypeError: history has no epochs; expected what train gives$/],
    [null, /^TypeError: history is null; expected what train gives$/],
    [undefined, /^TypeError: history is undefined; /],
    [Promise.resolve({ epochs: [] }), /^TypeError: history is a promise; await it first$/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => requireParts('history', value, ['epochs'], 'what train gives'), message);
  }
});
