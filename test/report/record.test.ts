import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { evaluateProbabilities } from '../../lib/metrics/evaluation';
import { buildBaseline } from '../../lib/networks/baseline';
import { describeRuntime } from '../../lib/platform/tensorflow';
import { saveRecord } from '../../lib/report/record';
import { drawnSet } from '../fixtures';

it('saveRecord(file, result) writes what it returns: settings, data, networks, analysis', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'record-'));
  try {
    const model = buildBaseline({ hiddenUnits: 2, classCount: 2 });
    const set = drawnSet();
    const sets = { train: set, validation: set, test: set };
    const test = evaluateProbabilities([0, 1], [0.9, 0.1, 0.75, 0.25], { classNames: ['a', 'b'] });
    const history = { epochs: [], seconds: 1.5, interrupted: false };
    const file = path.join(folder, 'new', 'metrics.json');
    const record = await saveRecord(file, {
      settings: { seed: 42 },
      digits: { ...sets, source: 'drawn', isSample: true, classNames: ['a', 'b'] },
      networks: { small: { model, history, validation: test, test } },
      seconds: 2,
      analysis: { floor: 0.5 },
    });
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), record);
    assert.deepEqual(
      { ...record, networks: Object.keys(record.networks) },
      {
        settings: { seed: 42 },
        runtime: describeRuntime(),
        seconds: 2,
        data: {
          source: 'drawn',
          isSample: true,
          train: set.count,
          validation: set.count,
          test: set.count,
        },
        networks: ['small'],
        analysis: { floor: 0.5 },
      },
    );
    const { parameters, training, validation, test: scores } = record.networks.small;
    assert.deepEqual([parameters, training], [784 * 2 + 2 + 4 + 2, history]);
    const { accuracy, interval, loss, errors } = test;
    assert.deepEqual(validation, { accuracy, interval, loss, errors });
    assert.deepEqual(scores?.mostConfusedPairs, [{ truth: 1, guess: 0, count: 1, share: 1 }]);
    assert.deepEqual([scores?.errors, scores?.errorSummary.errors], [1, 1]);
    model.dispose();
  } finally {
    await rm(folder, { recursive: true });
  }
});
