import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describeRuntime, tf } from '../../lib/platform/tensorflow';

// mocha cannot end a test that waits for a program without giving way.
const timeout = 50_000;

it('tf computes on the native backend', () => {
  assert.equal(tf.getBackend(), 'tensorflow');
  const sum = tf.tidy(() => tf.tensor1d([1, 2, 3]).sum().dataSync()[0]);
  assert.equal(sum, 6);
});

it('describeRuntime() names the versions and the device', () => {
  const runtime = describeRuntime();
  assert.match(runtime.tensorflow, /^\d+\.\d+\.\d+/);
  assert.equal(runtime.tfjs, '4.22.0');
  assert.equal(runtime.node, process.version.slice(1));
  assert.match(runtime.device, /^(GPU$|CPU: .+, \d+ cores$)/);
});

it('importing tensorflow gives tfjs-node the two functions that Node 23 removed', () => {
  // Taken away first, as on a new Node, in a process of its own.
  const script = `
    const util = require('node:util');
    delete util.isArray; delete util.isNullOrUndefined;
    require('ts-node/register/transpile-only');
    const { tf } = require('./lib/platform/tensorflow');
    console.log(util.isArray([]), util.isNullOrUndefined(undefined), util.isNullOrUndefined(0));
    console.log(tf.tidy(() => tf.tensor1d([1, 2]).sum().dataSync()[0]));`;
  const root = path.resolve(__dirname, '..', '..');
  const output = execFileSync(process.execPath, ['-e', script], {
    cwd: root,
    stdio: 'pipe',
    timeout,
  });
  assert.deepEqual(output.toString().trim().split('\n'), ['true true false', '3']);
});

it('importing tensorflow leaves what the user has set', () => {
  const script = `
    require('ts-node/register/transpile-only');
    require('./lib/platform/tensorflow');
    console.log(process.env.TF_ENABLE_ONEDNN_OPTS, process.env.TF_CPP_MIN_LOG_LEVEL);`;
  const root = path.resolve(__dirname, '..', '..');
  const run = (environment: NodeJS.ProcessEnv) =>
    execFileSync(process.execPath, ['-e', script], {
      cwd: root,
      env: environment,
      stdio: 'pipe',
      timeout,
    })
      .toString()
      .trim();
  const unset = { ...process.env };
  delete unset.TF_ENABLE_ONEDNN_OPTS;
  delete unset.TF_CPP_MIN_LOG_LEVEL;
  assert.equal(run(unset), '1 2');
  assert.equal(run({ ...unset, TF_ENABLE_ONEDNN_OPTS: '0' }), '0 2');
});
