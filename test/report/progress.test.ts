import assert from 'node:assert/strict';
import { palette } from '../../lib/report/figure';
import { epochText, progressSvg, progressText, summaryText } from '../../lib/report/progress';
import type { EpochResult, TrainingProgress } from '../../lib/training/train';

const first: EpochResult = {
  ...{ epoch: 1, loss: 0.4, accuracy: 0.88, seconds: 61, learningRate: 1e-3 },
  ...{ validationLoss: 0.2, validationAccuracy: 0.94 },
};
const running: TrainingProgress = {
  ...{ epoch: 2, epochCount: 4, batch: 50, batchCount: 100, loss: 0.3, accuracy: 0.9 },
  ...{ imagesPerSecond: 4321.4, secondsLeft: 125, finished: [first], done: false },
};

it('progressText(progress) tells bar, epoch, images a second, time left and scores', () => {
  const text = progressText(running, 'Tiny');
  assert.match(text, /^Tiny █{8}░{12} 37 %, epoch 2 of 4, 4,321 images\/s, 2 min 5 s left, /);
  assert.match(text, /loss 0\.3000, accuracy 90\.00 %$/);
});

it('progressText(progress) is full at the end and empty at the start', () => {
  assert.match(progressText({ ...running, done: true }, 'Tiny'), /█{20} 100 %/);
  assert.match(progressText({ ...running, epoch: 1, batch: 0 }, 'Tiny'), /░{20} 0 %/);
});

it('epochText(progress) tells of the last finished epoch', () => {
  assert.equal(
    epochText(running, 'Tiny'),
    'Tiny: epoch 1 of 4 in 1 min 1 s, 4,321 images/s, 2 min 5 s left, loss 0.4000, ' +
      'accuracy 88.00 %, validation loss 0.2000, validation accuracy 94.00 %',
  );
  assert.match(epochText({ ...running, finished: [] }, 'Tiny'), /no epoch finished/);
});

it('summaryText(progress) tells epochs, time, speed and the last validation accuracy', () => {
  const ended = { ...running, epochCount: 1, done: true };
  assert.equal(
    summaryText(ended, 'Tiny'),
    'Tiny: 1 epoch in 1 min 1 s, 4,321 images/s, validation accuracy 94.00 %',
  );
});

it('summaryText(progress) says where a training was stopped, even before its first epoch ended', () => {
  assert.match(summaryText({ ...running, done: true }, 'Tiny'), /stopped after 1 of 4 epochs/);
  const none = { ...running, finished: [], done: true };
  assert.match(summaryText(none, 'Tiny'), /stopped after 0 of 4 epochs and 0\.0 s, 4,321 images/);
});

it('summaryText(progress) counts hours', () => {
  const slow = { ...running, epochCount: 1, finished: [{ ...first, seconds: 7325 }] };
  assert.match(summaryText(slow, 'Tiny'), /in 2 h 2 min/);
});

it('progressSvg(progress) draws finished epochs and the running one, with the text below', () => {
  const svg = progressSvg(running, 'Tiny <net>');
  assertWellFormed(svg);
  const curves = [...svg.matchAll(/<polyline points="([^"]*)" fill="none" stroke="([^"]*)"/g)];
  assert.deepEqual(
    curves.map(([, points, color]) => [points.split(' ').length, color]),
    [
      [2, palette.blue],
      [1, palette.vermillion],
      [2, palette.blue],
      [1, palette.vermillion],
    ],
  );
  assert.match(svg, /epoch 2 of 4, 4,321 images\/s, 2 min 5 s left/);
  assert.match(svg, /Tiny &#60;net&#62;/);
  assert.match(svg, /accuracy \(%\), log scale of error.*loss \(cross-entropy: nats\), log scale/);
});

it('progressSvg(progress) has only finite numbers from the first batch on', () => {
  const start = { ...running, epoch: 1, batch: 1, finished: [] };
  for (const progress of [start, { ...start, batch: 0 }, { ...running, epoch: 5, batch: 0 }]) {
    const svg = progressSvg(progress, 'Tiny');
    assertWellFormed(svg);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  }
});

it('progressSvg(progress) stays light and quick for 70,000 epochs, and keeps their extremes', () => {
  const finished = Array.from({ length: 70_000 }, (_, index) => {
    const wave = 0.9 + 0.05 * Math.sin(index);
    return { ...first, epoch: index + 1, accuracy: wave, validationAccuracy: wave, loss: 1 / wave };
  });
  finished[33_333] = { ...finished[33_333], validationAccuracy: 0.2 };
  const progress = { ...running, epoch: 70_001, epochCount: 100_000, finished };
  const start = performance.now();
  const svg = progressSvg(progress, 'Long');
  assert.ok(performance.now() - start < 2000);
  assertWellFormed(svg);
  assert.ok(svg.length < 100_000, `${svg.length} characters`);
  const [, points] = [...svg.matchAll(/<polyline points="([^"]*)"/g)][1];
  assert.ok(points.split(' ').some((point) => Number(point.split(',')[1]) > 120));
});

it('progressSvg(progress) shows late epochs as far from each other as a poor first one', () => {
  const finished = [0.7, 0.97, 0.997].map((share, index) => {
    return { ...first, epoch: index + 1, accuracy: share, validationAccuracy: share };
  });
  const svg = progressSvg({ ...running, epoch: 4, batch: 0, finished }, 'Tiny');
  const [, points] = /<polyline points="([^"]*)"/.exec(svg) as unknown as [string, string];
  const [poor, good, best] = points.split(' ').map((point) => Number(point.split(',')[1]));
  // The best is on top, and each error a tenth of the one before.
  assert.ok(poor > good && good > best);
  assert.ok(Math.abs(poor - good - (good - best)) < 0.2);
  assert.match(svg, />99<.*>90</s);
});

function assertWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)(\w+)([^>]*)>/g)) {
    if (closing) assert.equal(open.pop(), name);
    else if (!rest.endsWith('/')) open.push(name);
  }
  assert.deepEqual(open, []);
}
