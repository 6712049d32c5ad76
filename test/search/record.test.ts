import assert from 'node:assert/strict';
import {
  bestTable,
  ranked,
  settingsOf,
  summary,
  type SearchRecord,
  type Trial,
} from '../../search/record';
import { searchFigures } from '../../search/figures';
import { checkSpace } from '../../search/space';

const space = checkSpace(
  {
    ...{ purpose: 'A test', sampling: 'optuna', stopping: 'asha' },
    settings: {
      ...{ architecture: 'tiny-cnn', epochs: 3 },
      learningRate: { from: 0.001, to: 0.1, scale: 'log' },
      augmentation: { zoom: { oneOf: [0, 0.1] } },
    },
  },
  'mine',
);

function trial(id: string, ended: Trial['ended'], accuracies: number[], more = {}): Trial {
  const settings = { learningRate: 0.01, 'augmentation.zoom': 0.1 };
  const curve = accuracies.map((validationAccuracy, index) => {
    const validationLoss = 1 - validationAccuracy;
    return {
      epoch: index + 1,
      loss: 1,
      accuracy: 0.5,
      validationLoss,
      validationAccuracy,
      seconds: 1,
    };
  });
  return { id, settings, ended, cores: 2, seconds: 90, continuedAfter: [], curve, ...more };
}

const trials = [
  trial('failed', 'failed', []),
  trial('promising', 'stopped', [0.99]),
  trial('last', 'finished', [0.5, 0.6, 0.7], { keptEpoch: 3 }),
  trial('best', 'finished', [0.5, 0.9, 0.8], { keptEpoch: 2 }),
];

function recordOf(
  it: readonly Trial[],
  importance: SearchRecord['importance'] = null,
): SearchRecord {
  const options = {
    samples: 4,
    concurrent: null,
    coresPerTrial: 2,
    metric: 'validationAccuracy',
  } as const;
  return {
    ...{ space, options: { ...options, seed: 42, timeBudget: null, storage: null } },
    ...{ trials: ranked(it, 'validationAccuracy'), importance, versions: {} },
  };
}

it('ranked(trials) has those first that finished, by the epoch they kept', () => {
  const order = ['best', 'last', 'promising', 'failed'];
  for (const metric of ['validationAccuracy', 'validationLoss'] as const) {
    assert.deepEqual(
      ranked(trials, metric).map(({ id }) => id),
      order,
    );
  }
  assert.deepEqual(ranked([], 'validationLoss'), []);
});

it('settingsOf(trial, space) is what the command trial takes', () => {
  assert.deepEqual(settingsOf(trials[0], space), {
    ...{ architecture: 'tiny-cnn', epochs: 3, learningRate: 0.01, augmentation: { zoom: 0.1 } },
  });
});

it('bestTable(record) and summary(record) count what there is', () => {
  const { columns, values } = bestTable(recordOf(trials), 3);
  assert.deepEqual(columns.slice(0, 4), [
    'trial',
    'learningRate',
    'augmentation.zoom',
    'validation accuracy (%)',
  ]);
  assert.deepEqual(
    values.map(([id]) => id),
    ['best', 'last', 'promising'],
  );
  assert.deepEqual(values[0].slice(3), [90, 1 - 0.9, 3, 'finished', 90]);
  assert.equal(
    summary(recordOf(trials)),
    '4 trials: 2 finished, 1 stopped, 1 failed; 7 epochs, 58 % of 12; 0.20 core hours',
  );
});

it('searchFigures(record) draws what there are trials for', () => {
  const drawn = searchFigures(recordOf(trials, { learningRate: 0.75, 'augmentation.zoom': 0.25 }));
  assert.deepEqual(Object.keys(drawn), ['parallel_coordinates', 'accuracy_by_epoch', 'importance']);
  const { parallel_coordinates: parallel, accuracy_by_epoch: byEpoch, importance } = drawn;
  // The highest accuracy is on top; then comes what the color bar hangs on.
  assert.equal(parallel.data.at(-2)!.opacity, 0.45);
  const line = parallel.data.at(-3) as { y: number[]; opacity: number };
  assert.deepEqual(
    line.y.map((it) => Math.round(100 * it)),
    [50, 75, Math.round(100 * (Math.log(0.3 / 0.1) / Math.log(0.3 / 0.01)))],
  );
  const faint = byEpoch.data.filter(({ opacity }) => opacity! < 0.6);
  assert.equal(faint.length, 1);
  assert.equal(byEpoch.data.length, 3);
  const stopped = trials.find(({ ended }) => ended === 'stopped')!;
  // In per cent of errors, on an axis that has the lowest on top.
  assert.deepEqual(
    (faint[0].y as number[]).map((it) => Number(it.toFixed(6))),
    stopped.curve.map(({ validationAccuracy: it }) => Number((100 * (1 - it)).toFixed(6))),
  );
  assert.match(byEpoch.description, /2 of 3 trials finished/);
  assert.match(importance.description, /learningRate 75\.00 %, augmentation\.zoom 25\.00 %/);
  assert.deepEqual(searchFigures(recordOf([trials[0]])), {});
});
