import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that waits until it is asked to end, and then as long as its end would take. */
const program = `
  const { stopOnSignals } = require(${JSON.stringify(path.resolve('scripts', 'signals.ts'))});
  const stop = stopOnSignals();
  const wait = setInterval(() => {}, 1000);
  stop.signal.addEventListener('abort', () => {
    console.log('asked');
    setTimeout(() => {
      clearInterval(wait);
      console.log('in order');
      process.exitCode = stop.exitCode();
    }, 2000);
  });
  console.log('begun');
`;

/** How it ends when a second signal comes so many milliseconds after the first. */
async function endAfter(pause: number) {
  const child = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', program]);
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += text));
  const ended = once(child, 'close');
  while (!stdout.includes('begun')) await once(child.stdout, 'data');
  child.kill('SIGINT');
  while (!stdout.includes('asked')) await once(child.stdout, 'data');
  await sleep(pause);
  child.kill('SIGTERM');
  const [code] = await ended;
  return { code, isInOrder: stdout.includes('in order') };
}

it('stopOnSignals() takes a second signal at once for the first, and a later one for an order', async () => {
  assert.deepEqual(await Promise.all([endAfter(0), endAfter(1200)]), [
    { code: 130, isInOrder: true },
    { code: 143, isInOrder: false },
  ]);
});
