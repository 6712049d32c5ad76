import assert from 'node:assert/strict';
import { learningRateAt, requireSchedule, type Schedule } from '../../lib/engine/schedule';

const ratesOf = (schedule: Schedule, count = schedule.steps, peak = 0.1) =>
  Array.from({ length: count }, (_, step) => learningRateAt(schedule, { step, peak }));

function assertRates(schedule: Schedule, expected: readonly number[]): void {
  ratesOf(schedule, expected.length).forEach((rate, step) => {
    assert.ok(Math.abs(rate - expected[step]) < 1e-9, `step ${step}: ${rate}`);
  });
}

it('learningRateAt({ kind: constant }) rises in the warm-up and stays', () => {
  assertRates({ kind: 'constant', steps: 6, warmUpSteps: 4 }, [0, 0.025, 0.05, 0.075, 0.1, 0.1]);
  assertRates({ kind: 'constant', steps: 2 }, [0.1, 0.1, 0.1]);
});

it('learningRateAt({ kind: cosine }) falls to 0 along half a cosine, after the warm-up', () => {
  assertRates({ kind: 'cosine', steps: 4 }, [0.1, 0.0853553391, 0.05, 0.0146446609, 0, 0]);
  assertRates({ kind: 'cosine', steps: 4, warmUpSteps: 2 }, [0, 0.05, 0.1, 0.05, 0]);
  assertRates({ kind: 'cosine', steps: 2, warmUpSteps: 2 }, [0, 0.05, 0]);
});

it('learningRateAt({ kind: one-cycle }) rises and falls as PyTorch has it', () => {
  const rates = ratesOf({ kind: 'one-cycle', steps: 20 });
  assert.ok(Math.abs(rates[0] - 0.004) < 1e-12);
  assert.ok(Math.abs(rates[5] - 0.1) < 1e-12);
  assert.ok(Math.abs(rates[12] - (0.1 + 4e-7) / 2) < 1e-9);
  assert.ok(Math.abs(rates[19] - 4e-7) < 1e-12);
  assert.ok(rates.slice(1, 6).every((rate, index) => rate > rates[index]));
  assert.ok(rates.slice(6).every((rate, index) => rate < rates[index + 5]));
});

it('learningRateAt(schedule) gives finite rates for the shortest trainings', () => {
  for (const kind of ['constant', 'cosine', 'one-cycle'] as const) {
    for (const steps of [1, 2, 3, 4]) {
      const rates = ratesOf({ kind, steps }, steps + 1);
      assert.ok(
        rates.every((rate) => rate >= 0 && rate <= 0.1),
        `${kind}, ${steps}: ${rates}`,
      );
    }
  }
});

for (const [schedule, message] of [
  [{ kind: 'step', steps: 5 }, /schedule.kind is step; expected constant, cosine, one-cycle/],
  [{ kind: 'cosine', steps: 0 }, /schedule.steps is 0; expected a whole number from 1/],
  [{ kind: 'cosine' }, /schedule.steps is undefined; expected a whole number from 1/],
  [{ kind: 'cosine', steps: 5, warmUpSteps: 6 }, /warmUpSteps is 6; .* from 0 to 5/],
  [{ kind: 'one-cycle', steps: 5, warmUpSteps: 1 }, /warmUpSteps is 1; .* from 0 to 0/],
] as const) {
  it(`requireSchedule(${JSON.stringify(schedule)}) refuses it`, () => {
    assert.throws(() => requireSchedule(schedule as Schedule), message);
  });
}
