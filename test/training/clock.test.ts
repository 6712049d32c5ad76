import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrainingClock } from '../../lib/training/clock';

it('batchCount counts a last batch that is not full', () => {
  assert.equal(new TrainingClock(100, 3, 32).batchCount, 4);
  assert.equal(new TrainingClock(96, 3, 32).batchCount, 3);
});

it('imagesPerSecond() is 0 at the start, then the images by the seconds of their batches', () => {
  const clock = new TrainingClock(100, 3, 32);
  assert.equal(clock.imagesPerSecond(), 0);
  clock.addBatch(32, 0.5);
  clock.addBatch(32, 0.3);
  assert.equal(clock.imagesPerSecond(), 64 / 0.8);
});

it('seconds() goes on from what an interrupted training had taken', async () => {
  const clock = new TrainingClock(100, 3, 32, 1000);
  await sleep(20);
  assert.ok(clock.seconds() > 1000.01 && clock.seconds() < 1010);
});

it('secondsLeft(epoch, batch) is the time of the images to come, and 0 at the end', async () => {
  const clock = new TrainingClock(100, 3, 32, 1000);
  assert.equal(clock.secondsLeft(1, 1), 0);
  await sleep(20);
  clock.addBatch(32, 0.02);
  // 32 of the 300 images are done, 100 of them, and so on.
  const [ofFirst, ofEpoch, ofLast] = [
    clock.secondsLeft(1, 1),
    clock.secondsLeft(1, 4),
    clock.secondsLeft(3, 3),
  ];
  assert.ok(Math.abs(ofFirst / ofEpoch - 268 / 200) < 0.1);
  assert.ok(Math.abs(ofLast / ofEpoch - 4 / 200) < 0.01);
  assert.equal(clock.secondsLeft(3, 4), 0);
});
