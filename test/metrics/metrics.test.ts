import assert from 'node:assert/strict';
import {
  accuracy,
  classificationReport,
  confusionMatrix,
  errorSummary,
  logLoss,
  mostConfidentErrors,
  mostConfusedPairs,
  mostProbableClasses,
  normalizeRows,
  perClassAccuracy,
  wilsonInterval,
} from '../../lib/metrics/metrics';
import { seededRandom } from '../../lib/platform/random';
import fixture from '../fixtures/metrics.json';

const labels = [0, 1, 2, 2, 1];
const guesses = [0, 1, 2, 1, 1];

for (const known of fixture.cases) {
  const { name, classCount, probabilities } = known;
  const classNames = Array.from({ length: classCount }, (_, index) => `class ${index}`);

  it(`mostProbableClasses(probabilities) equals numpy's argmax: ${name}`, () => {
    assert.deepEqual([...mostProbableClasses(probabilities, { classCount })], known.guesses);
  });

  it(`accuracy(labels, guesses) equals scikit-learn's: ${name}`, () => {
    assertClose(accuracy(known.labels, known.guesses, { classCount }), known.accuracy);
  });

  it(`logLoss(labels, probabilities) equals scikit-learn's: ${name}`, () => {
    assertClose(logLoss(known.labels, probabilities, { classCount }), known.logLoss);
  });

  it(`confusionMatrix(labels, guesses) equals scikit-learn's, also in shares: ${name}`, () => {
    const matrix = confusionMatrix(known.labels, known.guesses, { classCount });
    assert.deepEqual(matrix, known.confusionMatrix);
    assertClose(normalizeRows(matrix), known.normalizedRows);
  });

  it(`classificationReport(labels, guesses) equals scikit-learn's: ${name}`, () => {
    assertClose(classificationReport(known.labels, known.guesses, { classNames }), {
      classes: known.classes.map((scores, index) => ({ ...scores, className: classNames[index] })),
      accuracy: known.accuracy,
      macroAverage: known.macroAverage,
      weightedAverage: known.weightedAverage,
    });
  });

  it(`perClassAccuracy(matrix) is the recall, NaN without labels: ${name}`, () => {
    const recalls = known.classes.map(({ recall, support }) => (support === 0 ? NaN : recall));
    assertClose(perClassAccuracy(known.confusionMatrix), recalls);
  });

  it(`mostConfusedPairs(matrix, 12) equals numpy's sorted counts: ${name}`, () => {
    assertClose(mostConfusedPairs(known.confusionMatrix, { count: 12 }), known.confusedPairs);
  });

  it(`mostConfidentErrors(labels, probabilities, 12) equals numpy's sorted errors: ${name}`, () => {
    const errors = mostConfidentErrors(known.labels, probabilities, { count: 12, classCount });
    assertClose(errors, known.confidentErrors);
  });
}

for (const { successes, total, z, low, high } of fixture.intervals) {
  it(`wilsonInterval(${successes}, ${total}, ${z}) equals scipy's`, () => {
    assertClose(wilsonInterval(successes, total, { z }), { low, high });
  });
}

it('accuracy(labels, guesses) counts four of five as 0.8', () => {
  assert.equal(accuracy(labels, guesses), 0.8);
});

it('logLoss(labels, probabilities) averages natural logarithms', () => {
  assertClose(
    logLoss([0, 1], [0.5, 0.5, 0.75, 0.25], { classCount: 2 }),
    (Math.log(2) + Math.log(4)) / 2,
  );
});

it('logLoss(labels, probabilities) charges 52 ln 2 for a sure miss, next to nothing for a hit', () => {
  assertClose(logLoss([0], [0, 1], { classCount: 2 }), 52 * Math.log(2));
  for (const sure of [1, 1.0000002]) {
    const loss = logLoss([1], [0, sure], { classCount: 2 });
    assert.ok(loss > 0 && loss < 1e-15, `${loss}`);
  }
});

it('logLoss(labels, probabilities) takes 32-bit probabilities for 64-bit ones', () => {
  const known = fixture.cases.find(({ name }) => name === '32-bit softmax outputs');
  assert.ok(known);
  const probabilities = Float32Array.from(known.probabilities);
  assertClose(logLoss(Uint8Array.from(known.labels), probabilities), known.logLoss);
});

it('mostProbableClasses(probabilities) takes the first class of a tie', () => {
  assert.deepEqual(
    mostProbableClasses([0.2, 0.8, 0.5, 0.5], { classCount: 2 }),
    Uint8Array.of(1, 0),
  );
});

it('mostProbableClasses(probabilities) holds guesses up to class 255', () => {
  const probabilities = new Float32Array(256);
  probabilities[255] = 1;
  assert.deepEqual(mostProbableClasses(probabilities, { classCount: 256 }), Uint8Array.of(255));
});

it('mostProbableClasses(probabilities) grants averages of 32-bit numbers a millionth above 1', () => {
  assert.deepEqual(mostProbableClasses([0, 1.0000002], { classCount: 2 }), Uint8Array.of(1));
  assert.throws(() => mostProbableClasses([0, 1.00001], { classCount: 2 }), RangeError);
});

it('confusionMatrix(labels, guesses) counts misses off the diagonal', () => {
  assert.deepEqual(confusionMatrix(labels, guesses, { classCount: 3 }), [
    [1, 0, 0],
    [0, 2, 0],
    [0, 1, 1],
  ]);
});

it('confusionMatrix(labels, guesses) has ten classes by default', () => {
  const matrix = confusionMatrix(Uint8Array.from(labels), Uint8Array.from(guesses));
  assert.deepEqual([matrix.length, ...matrix.map((row) => row.length)], Array(11).fill(10));
});

it('normalizeRows(matrix) leaves the row of a class without labels at zero', () => {
  const matrix = [
    [3, 1],
    [0, 0],
  ];
  assert.deepEqual(normalizeRows(matrix), [
    [0.75, 0.25],
    [0, 0],
  ]);
  assert.deepEqual(matrix[0], [3, 1]);
});

it('classificationReport(labels, guesses, names) scores the class in the middle', () => {
  const report = classificationReport(labels, guesses, { classNames: ['a', 'b', 'c'] });
  assertClose(report.classes[1], {
    className: 'b',
    precision: 2 / 3,
    recall: 1,
    f1: 0.8,
    support: 2,
  });
  assertClose(report.macroAverage.recall, (1 + 1 + 1 / 2) / 3);
  assertClose(report.weightedAverage.recall, (1 + 2 + 1) / 5);
});

it('classificationReport(labels, guesses) names ten digits by default', () => {
  const names = classificationReport(labels, guesses).classes.map((scores) => scores.className);
  assert.equal(names.join(' '), '0 1 2 3 4 5 6 7 8 9');
});

it('classificationReport(labels, guesses) keeps its sums for any labels and guesses', () => {
  const random = seededRandom(42, 'metrics test');
  for (let round = 0; round < 50; round++) {
    const count = 1 + Math.floor(random() * 30);
    const draw = () => Array.from({ length: count }, () => Math.floor(random() * 10));
    const [truths, answers] = [draw(), draw()];
    const matrix = confusionMatrix(truths, answers);
    const report = classificationReport(truths, answers);
    assert.equal(
      matrix.flat().reduce((total, times) => total + times, 0),
      count,
    );
    assert.equal(
      report.classes.reduce((total, scores) => total + scores.support, 0),
      count,
    );
    assertClose(report.weightedAverage.recall, report.accuracy);
    assert.equal(report.accuracy, accuracy(truths, answers));
  }
});

it('perClassAccuracy(matrix) is NaN where there are no labels', () => {
  const matrix = [
    [3, 1],
    [0, 0],
  ];
  assert.deepEqual(perClassAccuracy(matrix), [0.75, NaN]);
});

it('mostConfusedPairs(matrix, count) leaves out hits and pairs that never occur', () => {
  const matrix = [
    [3, 1],
    [0, 4],
  ];
  const pair = { truth: 0, guess: 1, count: 1, share: 0.25 };
  assert.deepEqual(mostConfusedPairs(matrix, { count: 5 }), [pair]);
});

it('mostConfusedPairs(matrix, count) orders by count, then truth, then guess, and cuts', () => {
  const matrix = [
    [9, 1, 2],
    [2, 9, 1],
    [1, 3, 9],
  ];
  const order = mostConfusedPairs(matrix, { count: 5 }).map(({ truth, guess }) =>
    [truth, guess].join('>'),
  );
  assert.equal(order.join(' '), '2>1 0>2 1>0 0>1 1>2');
  assert.deepEqual(mostConfusedPairs(matrix, { count: 0 }), []);
});

it('mostConfidentErrors(labels, probabilities, count) leaves out what is right', () => {
  const errors = mostConfidentErrors([0, 1], [0.1, 0.9, 0.4, 0.6], { count: 5, classCount: 2 });
  const error = { index: 0, truth: 0, guess: 1, confidence: 0.9, truthProbability: 0.1 };
  assert.deepEqual(errors, [error]);
});

it('mostConfidentErrors(labels, probabilities, count) keeps equal confidences in order', () => {
  const probabilities = [0.4, 0.6, 0.2, 0.8, 0.4, 0.6, 0.2, 0.8];
  const errors = mostConfidentErrors([0, 0, 0, 0], probabilities, { count: 3, classCount: 2 });
  assert.deepEqual(
    errors.map((error) => error.index),
    [1, 3, 0],
  );
});

it('errorSummary(labels, probabilities) counts and ranks as one does by hand', () => {
  const rows = [
    [0.9, 0.06, 0.04], // right
    [0.2, 0.7, 0.1], // right
    [0.95, 0.04, 0.01], // wrong, the truth comes second
    [0.6, 0.3, 0.1], // wrong, the truth comes last
    [0.3, 0.5, 0.2], // wrong, the truth comes second
  ];
  assert.deepEqual(errorSummary([0, 1, 1, 2, 0], rows.flat(), { classCount: 3 }), {
    errors: 3,
    medianErrorConfidence: 0.6,
    medianRightConfidence: (0.9 + 0.7) / 2,
    confidentErrors: 1,
    secondChoiceRight: 2,
  });
});

it('errorSummary(labels, probabilities) without errors has no median of them', () => {
  const { errors, medianErrorConfidence } = errorSummary([1], [0.1, 0.9], { classCount: 2 });
  assert.deepEqual([errors, medianErrorConfidence], [0, NaN]);
});

it('wilsonInterval(5, 10) is symmetric about a half, at 95 % by default', () => {
  const { low, high } = wilsonInterval(5, 10);
  assert.deepEqual([low.toFixed(4), high.toFixed(4)], ['0.2366', '0.7634']);
  assertClose(low + high, 1);
});

it('wilsonInterval(successes, total) ends at exactly 0 and 1', () => {
  for (let total = 1; total <= 100; total++) {
    assert.equal(wilsonInterval(0, total).low, 0);
    assert.equal(wilsonInterval(total, total).high, 1);
  }
});

it('wilsonInterval(successes, total) stays inside 0 to 1 and around the rate', () => {
  for (const [successes, total] of [0, 1, 9, 99, 100].map((count) => [count, 100])) {
    const { low, high } = wilsonInterval(successes, total);
    const rate = successes / total;
    assert.ok(0 <= low && low <= rate && rate <= high && high <= 1 && low < high, `${rate}`);
  }
});

const rejections: readonly (readonly [string, () => unknown, string])[] = [
  [
    'accuracy(labels, guesses) rejects different lengths',
    () => accuracy([3, 3, 5], [3, 5]),
    'guesses has length 2; expected 3, 1 for each of 3 labels',
  ],
  [
    'confusionMatrix(labels, guesses) rejects empty arrays',
    () => confusionMatrix([], []),
    'labels is empty; expected at least one class',
  ],
  [
    'classificationReport(labels, guesses) rejects a label out of range',
    () => classificationReport([1, 2, 12], [1, 2, 3]),
    'classNames has 10 names, but labels[2] is 12; expected a name for each class',
  ],
  [
    'accuracy(labels, guesses) rejects a negative guess',
    () => accuracy([1, 2], [1, -1]),
    'guesses[1] is -1; expected a whole number from 0 to 9',
  ],
  [
    'confusionMatrix(labels, guesses) rejects a label that is not whole',
    () => confusionMatrix([1.5], [1]),
    'labels[0] is 1.5; expected a whole number from 0 to 9',
  ],
  [
    'classificationReport(labels, guesses, classNames) rejects fewer names than guessed classes',
    () => classificationReport([0, 1], [0, 2], { classNames: ['zero', 'one'] }),
    'classNames has 2 names, but guesses[1] is 2; expected a name for each class',
  ],
  [
    'classificationReport(labels, guesses, classNames) rejects labels that are no classes',
    () => classificationReport([0, -1], [0, 1], { classNames: ['zero', 'one'] }),
    'labels[1] is -1; expected a whole number from 0 to 1',
  ],
  [
    'logLoss(labels, probabilities) rejects rows of another length, and names the option',
    () =>
      logLoss(
        [0, 1],
        Float64Array.from({ length: 24 }, () => 1 / 12),
      ),
    'probabilities has length 24; expected 20, 10 for each of 2 labels. For another number of ' +
      'classes give classCount',
  ],
  [
    'accuracy(labels, guesses) rejects an eleventh class, and names the option',
    () => accuracy([0, 10], [0, 1]),
    'labels[1] is 10; expected a whole number from 0 to 9. For another number of classes give ' +
      'classCount',
  ],
  [
    'mostProbableClasses(probabilities) rejects ten rows of eleven that nobody has counted',
    () => mostProbableClasses(Array.from({ length: 110 }, () => 1 / 11)),
    'probabilities of row 0 add up to 0.9090909090909093; expected 1 with 10 classes. For another ' +
      'number of classes give classCount',
  ],
  [
    'classificationReport(labels, guesses, names) rejects a class without a name',
    () => classificationReport([0, 2], [0, 1], { classNames: ['a', 'b'] }),
    'classNames has 2 names, but labels[1] is 2; expected a name for each class',
  ],
  [
    'logLoss(labels, probabilities) rejects rows that do not fit the labels',
    () => logLoss([0, 1], [0.5, 0.5, 1], { classCount: 2 }),
    'probabilities has length 3; expected 4, 2 for each of 2 labels',
  ],
  [
    'logLoss(labels, probabilities) rejects NaN',
    () => logLoss([0, 1], [0.5, 0.5, 1, NaN], { classCount: 2 }),
    'probabilities[3] (row 1, class 1) is NaN; expected a number from 0 to 1',
  ],
  [
    'logLoss(labels, probabilities) rejects logits',
    () => logLoss([0], [-0.5, 1.5], { classCount: 2 }),
    'probabilities[0] (row 0, class 0) is -0.5; expected a number from 0 to 1',
  ],
  [
    'logLoss(labels, probabilities) rejects empty arrays',
    () => logLoss([], []),
    'labels is empty; expected at least one class',
  ],
  [
    'mostProbableClasses(probabilities) rejects an incomplete row',
    () => mostProbableClasses(new Float32Array(15)),
    'probabilities has length 15; expected a positive multiple of 10, one for each class. For another number of classes give classCount',
  ],
  [
    'mostProbableClasses(probabilities) rejects an empty array',
    () => mostProbableClasses([]),
    'probabilities has length 0; expected a positive multiple of 10, one for each class. For another number of classes give classCount',
  ],
  [
    'mostProbableClasses(probabilities, { classCount }) rejects no classes',
    () => mostProbableClasses([1], { classCount: 0 }),
    'classCount is 0; expected a whole number from 2',
  ],
  [
    'mostConfidentErrors(labels, probabilities, count) rejects NaN',
    () => mostConfidentErrors([0], [NaN, 1], { count: 3, classCount: 2 }),
    'probabilities[0] (row 0, class 0) is NaN; expected a number from 0 to 1',
  ],
  [
    'mostConfidentErrors(labels, probabilities, count) rejects different lengths',
    () => mostConfidentErrors([0, 1, 1], [0, 1], { count: 3, classCount: 2 }),
    'probabilities has length 2; expected 6, 2 for each of 3 labels',
  ],
  [
    'mostConfidentErrors(labels, probabilities, count) rejects a negative count',
    () => mostConfidentErrors([0], [0, 1], { count: -1, classCount: 2 }),
    'count is -1; expected a whole number from 0',
  ],
  [
    'mostConfusedPairs(matrix, count) rejects a count that is not whole',
    () => mostConfusedPairs([[1]], { count: 2.5 }),
    'count is 2.5; expected a whole number from 0',
  ],
  [
    'wilsonInterval(successes, total) rejects no trials',
    () => wilsonInterval(0, 0),
    'total is 0; expected a whole number from 1',
  ],
  [
    'wilsonInterval(successes, total) rejects more successes than trials',
    () => wilsonInterval(11, 10),
    'successes is 11; expected a whole number from 0 to 10',
  ],
];

it('metrics refuse what is no array, and matrices beyond memory', () => {
  for (const nothing of [null, undefined, 5, {}] as unknown as number[][]) {
    const refusal = { name: 'TypeError', message: /^(labels|probabilities|matrix) is .* expected/ };
    assert.throws(() => accuracy(nothing, [1]), refusal);
    assert.throws(() => logLoss(nothing, [1]), refusal);
    assert.throws(() => logLoss([1], nothing), refusal);
    assert.throws(() => mostProbableClasses(nothing), refusal);
    assert.throws(() => normalizeRows(nothing as unknown as number[][]), refusal);
  }
  assert.throws(() => confusionMatrix([0], [0], { classCount: 1e9 }), /classCount is 1000000000;/);
});

it('mostProbableClasses(probabilities, { classCount }) has no end at 256 classes', () => {
  const probabilities = new Float64Array(600);
  probabilities[299] = 1;
  probabilities[300 + 256] = 0.5;
  const guesses = mostProbableClasses(probabilities, { classCount: 300 });
  assert.deepEqual(guesses, Int32Array.of(299, 256));
  assert.equal(accuracy([299, 0], guesses, { classCount: 300 }), 0.5);
  assert.equal(confusionMatrix([299, 0], guesses, { classCount: 300 })[0][256], 1);
});

it('mostProbableClasses(probabilities, { classCount }) takes rows of any sum', () => {
  assert.deepEqual([...mostProbableClasses([0.9, 0.8, 0.1, 0.2], { classCount: 2 })], [0, 1]);
});

for (const [name, call, message] of rejections) {
  it(name, () => {
    assert.throws(call, { name: 'RangeError', message });
  });
}

/** Asserts the same keys and texts, and numbers within 1e-12 of each other. */
function assertClose(actual: unknown, expected: unknown, place = 'value'): void {
  if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, `${place} is ${actual}`);
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), `keys of ${place}`);
    for (const [key, value] of Object.entries(expected)) {
      assertClose((actual as Record<string, unknown>)[key], value, `${place}.${key}`);
    }
  } else if (typeof expected === 'number' && typeof actual === 'number' && !isNaN(expected)) {
    const message = `${place} is ${actual}; expected ${expected} within 1e-12`;
    assert.ok(Math.abs(actual - expected) <= 1e-12, message);
  } else {
    assert.deepEqual(actual, expected, place);
  }
}

it('normalizeRows, perClassAccuracy and mostConfusedPairs refuse what is no confusion matrix', () => {
  for (const [matrix, message] of [
    [[[1, 2], [3]], /matrix\[1\] has 1 columns; expected 2/],
    [[[1], [2]], /matrix\[0\] has 1 columns; expected 2/],
    [
      [
        [1, -1],
        [0, 2],
      ],
      /matrix\[0\]\[1\] is -1; expected a whole number from 0/,
    ],
    [
      [
        [1, NaN],
        [0, 2],
      ],
      /matrix\[0\]\[1\] is NaN/,
    ],
    [
      [
        [1, '2'],
        [0, 2],
      ],
      /matrix\[0\]\[1\] is "2"; expected a whole number/,
    ],
  ] as [number[][], RegExp][]) {
    assert.throws(() => normalizeRows(matrix), message);
    assert.throws(() => perClassAccuracy(matrix), message);
    assert.throws(() => mostConfusedPairs(matrix, { count: 2 }), message);
  }
});

it('wilsonInterval(successes, total, z) refuses a z below 0', () => {
  assert.throws(() => wilsonInterval(1, 2, { z: -1 }), /z is -1; expected a number from 0/);
});
