import assert from 'node:assert/strict';
import {
  applyTemperature,
  expectedCalibrationError,
  fitTemperature,
  reliabilityBins,
} from '../../lib/metrics/calibration';
import { logLoss, mostProbableClasses } from '../../lib/metrics/metrics';
import fixture from '../fixtures/calibration.json';

const [tooSure, notSureEnough] = fixture.cases;

for (const { name, classCount, labels, probabilities, ...known } of fixture.cases) {
  for (const { binCount, bins, expectedCalibrationError: error } of known.reliability) {
    it(`reliabilityBins(labels, probabilities) equals scikit-learn's ${binCount}: ${name}`, () => {
      const found = reliabilityBins(labels, probabilities, { binCount, classCount });
      assert.equal(found.length, bins.length);
      found.forEach((bin, index) => {
        assertClose(Object.values(bin), Object.values(bins[index]), 1e-12);
        assert.deepEqual(Object.keys(bin), Object.keys(bins[index]));
      });
    });

    it(`expectedCalibrationError(labels, probabilities) equals numpy's ${binCount}: ${name}`, () => {
      const found = expectedCalibrationError(labels, probabilities, { binCount, classCount });
      assertClose([found], [error], 1e-12);
    });
  }

  it(`fitTemperature(labels, probabilities) equals scikit-learn's: ${name}`, () => {
    const found = fitTemperature(labels, probabilities, { classCount });
    // scikit-learn compares losses, which are flat to 64 bits that close to the best temperature.
    assertClose([found / known.temperature], [1], 1e-6);
  });

  it(`applyTemperature(probabilities, temperature) equals scipy's softmax: ${name}`, () => {
    const rows = probabilities.slice(0, known.scaled.length);
    assertClose(
      applyTemperature(rows, { temperature: known.temperature, classCount }),
      known.scaled,
      1e-7,
    );
  });

  it(`applyTemperature(probabilities, temperature) keeps guesses and rows of 1: ${name}`, () => {
    for (const temperature of [0.05, 0.7, 1, 3, 40]) {
      const scaled = applyTemperature(probabilities, { temperature, classCount });
      assert.deepEqual(
        mostProbableClasses(scaled, { classCount }),
        mostProbableClasses(probabilities, { classCount }),
      );
      for (let start = 0; start < scaled.length; start += classCount) {
        const row = scaled.subarray(start, start + classCount);
        assertClose([row.reduce((sum, probability) => sum + probability, 0)], [1], 1e-6);
      }
    }
  });
}

it('reliabilityBins(labels, probabilities) puts a confidence at an end into the lower bin', () => {
  const rows = [0.5, 0.5, 0.25, 0.75, 0, 1];
  assert.deepEqual(reliabilityBins([1, 1, 1], rows, { binCount: 4, classCount: 2 }), [
    { low: 0.25, high: 0.5, count: 1, confidence: 0.5, accuracy: 0 },
    { low: 0.5, high: 0.75, count: 1, confidence: 0.75, accuracy: 1 },
    { low: 0.75, high: 1, count: 1, confidence: 1, accuracy: 1 },
  ]);
});

it('reliabilityBins(labels, probabilities) has room for 32-bit confidences a bit above 1', () => {
  const [bin] = reliabilityBins([1], [0, 1.0000002], { classCount: 2 });
  assert.deepEqual([bin.low, bin.high, bin.count], [14 / 15, 1, 1]);
});

it('reliabilityBins(labels, probabilities) has ten classes and 15 bins by default', () => {
  const probabilities = Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
  assert.deepEqual(reliabilityBins(Uint8Array.of(4), probabilities), [
    { low: 14 / 15, high: 1, count: 1, confidence: 1, accuracy: 1 },
  ]);
});

it('expectedCalibrationError(labels, probabilities) is 0 where 3 of 4 are right at 75 %', () => {
  const rows = Array(4).fill([0.75, 0.25]).flat();
  assert.equal(expectedCalibrationError([0, 0, 1, 0], rows, { classCount: 2 }), 0);
});

it('expectedCalibrationError(labels, probabilities) weighs bins by their guesses', () => {
  const rows = [0.875, 0.125, 0.75, 0.25, 0.875, 0.125, 0.875, 0.125];
  const error = expectedCalibrationError([0, 1, 0, 0], rows, { classCount: 2 });
  assert.equal(error, (3 * 0.125 + 0.75) / 4);
});

it('fitTemperature(labels, probabilities) makes the odds of sure guesses those of hits', () => {
  const rows = Array(4).fill([0.9, 0.1]).flat();
  assertClose([fitTemperature([0, 0, 0, 1], rows, { classCount: 2 })], [2], 1e-12);
});

it('fitTemperature(labels, probabilities) finds the temperature of the least loss', () => {
  for (const { classCount, labels, probabilities } of fixture.cases) {
    const best = fitTemperature(labels, probabilities, { classCount });
    const loss = (temperature: number) =>
      logLoss(labels, applyTemperature(probabilities, { temperature, classCount }), { classCount });
    for (const factor of [0.5, 0.95, 1.05, 2]) {
      assert.ok(loss(best) < loss(best * factor), `${best} x ${factor}`);
    }
  }
});

it('fitTemperature(labels, probabilities) shrinks by the temperature applied before', () => {
  const { classCount, labels, probabilities, temperature } = notSureEnough;
  for (const applied of [0.8, 1.5, temperature]) {
    const scaled = applyTemperature(probabilities, { temperature: applied, classCount });
    const left = fitTemperature(labels, scaled, { classCount });
    assertClose([left * applied], [temperature], 1e-5);
  }
});

it('fitTemperature(labels, probabilities) finds what made calibrated probabilities too sure', () => {
  // Of ten guesses at 60 % six are right, and so on.
  const hits = [6, 7, 8, 9].flatMap((right) => Array.from({ length: 10 }, () => right));
  const labels = hits.map((right, row) => (row % 10 < right ? 0 : 1));
  const calibrated = hits.flatMap((right) => [right / 10, 1 - right / 10]);
  const sharpened = applyTemperature(calibrated, { temperature: 1 / 3, classCount: 2 });
  const error = (rows: ArrayLike<number>) =>
    expectedCalibrationError(labels, rows, { classCount: 2 });
  assertClose([fitTemperature(labels, sharpened, { classCount: 2 })], [3], 1e-5);
  assert.ok(error(sharpened) > 0.15);
  assertClose(
    [error(applyTemperature(sharpened, { temperature: 3, classCount: 2 })), error(calibrated)],
    [0, 0],
    1e-6,
  );
});

it('fitTemperature(labels, probabilities) ends at 0.01 and 100 where the loss only falls', () => {
  assertClose([fitTemperature([0], [0.9, 0.1], { classCount: 2 })], [0.01], 1e-12);
  assertClose([fitTemperature([1], [0.9, 0.1], { classCount: 2 })], [100], 1e-9);
});

it('fitTemperature(labels, probabilities) is 1 where all classes are equally probable', () => {
  assert.equal(fitTemperature([3, 7], Array(20).fill(0.1)), 1);
});

it('fitTemperature(labels, probabilities) takes sure misses', () => {
  const { labels, probabilities } = tooSure;
  assert.ok(labels.some((label, row) => probabilities[row * 10 + label] === 0));
  assert.ok(fitTemperature(labels, probabilities) < 100);
});

it('applyTemperature(probabilities, 2) takes the roots of the odds', () => {
  assertClose(applyTemperature([0.9, 0.1], { temperature: 2, classCount: 2 }), [0.75, 0.25], 1e-7);
});

it('applyTemperature(probabilities, 1) changes nothing but the sum of a row', () => {
  const probabilities = Float32Array.of(0.625, 0.25, 0.125, 0, 0.3, 0.3, 0.3, 0);
  const scaled = applyTemperature(probabilities, { temperature: 1, classCount: 4 });
  assertClose(scaled, [0.625, 0.25, 0.125, 0, 1 / 3, 1 / 3, 1 / 3, 0], 1e-7);
  assert.equal(probabilities[0], 0.625);
});

it('applyTemperature(probabilities, temperature) takes probabilities of 0 for 2⁻¹²⁶', () => {
  assertClose(applyTemperature([1, 0], { temperature: 126, classCount: 2 }), [2 / 3, 1 / 3], 1e-7);
  assert.deepEqual(
    applyTemperature([1, 0], { temperature: 1e-300, classCount: 2 }),
    Float32Array.of(1, 0),
  );
});

it('applyTemperature(probabilities, temperature) has ten classes by default', () => {
  const even = Array(20).fill(0.1);
  assertClose(applyTemperature(even, { temperature: 0.5 }), even, 1e-7);
});

const rejections: readonly (readonly [string, () => unknown, string])[] = [
  [
    'reliabilityBins(labels, probabilities) rejects rows that do not fit the labels',
    () => reliabilityBins([0, 1], [0.5, 0.5, 1], { classCount: 2 }),
    'probabilities has length 3; expected 4, 2 for each of 2 labels',
  ],
  [
    'reliabilityBins(labels, probabilities) rejects no bins',
    () => reliabilityBins([0], [0.5, 0.5], { classCount: 2, binCount: 0 }),
    'binCount is 0; expected a whole number from 1',
  ],
  [
    'expectedCalibrationError(labels, probabilities) rejects empty arrays',
    () => expectedCalibrationError([], []),
    'labels is empty; expected at least one class',
  ],
  [
    'expectedCalibrationError(labels, probabilities) rejects a label out of range',
    () => expectedCalibrationError([2], [0.5, 0.5], { classCount: 2 }),
    'labels[0] is 2; expected a whole number from 0 to 1. For another number of classes give classCount',
  ],
  [
    'fitTemperature(labels, probabilities) rejects logits',
    () => fitTemperature([0], [-0.5, 1.5], { classCount: 2 }),
    'probabilities[0] (row 0, class 0) is -0.5; expected a number from 0 to 1',
  ],
  [
    'applyTemperature(probabilities, temperature) rejects NaN',
    () => applyTemperature([0.5, NaN], { temperature: 1, classCount: 2 }),
    'probabilities[1] (row 0, class 1) is NaN; expected a number from 0 to 1',
  ],
  [
    'applyTemperature(probabilities, temperature) rejects an incomplete row',
    () => applyTemperature(new Float32Array(15), { temperature: 1 }),
    'probabilities has length 15; expected a positive multiple of 10, one for each class. For another number of classes give classCount',
  ],
  ...[0, -1, NaN, Infinity].map(
    (temperature) =>
      [
        `applyTemperature(probabilities, ${temperature}) rejects the temperature`,
        () => applyTemperature([0.5, 0.5], { temperature, classCount: 2 }),
        `temperature is ${temperature}; expected a finite number above 0`,
      ] as const,
  ),
];

for (const [name, call, message] of rejections) {
  it(name, () => {
    assert.throws(call, { name: 'RangeError', message });
  });
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, within: number) {
  assert.equal(actual.length, expected.length);
  Array.from(expected, (value, at) => {
    const message = `[${at}] is ${actual[at]}; expected ${value} within ${within}`;
    assert.ok(Math.abs(actual[at] - value) <= within, message);
  });
}
