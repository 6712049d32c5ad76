import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchRecord } from '../../search/record';
import { drawnDigits, idxImages, idxLabels } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');
const python = path.join(root, 'search', '.venv', 'bin', 'python');
/** Epochs of about half a second, so that there is time to end what runs. */
const epochs = 4;
const tiny = { architecture: 'tiny-cnn', averageDecay: 0, epochs, batchSize: 4 };

let scratch: string;
const running = new Set<ChildProcess>();
const inScratch = (name: string) => path.join(scratch, name);

// Only in a suite do the hooks run around these tests, and not around those of every file.
describe('search', () => {
  before(function () {
    // About 700 MB the first time.
    this.timeout(900_000);
    const args = ['setup/environment.mjs', 'search'];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
    assert.equal(status, 0);
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'search-test-'));
    fs.mkdirSync(inScratch('drawn'));
    for (const [kind, times] of [
      ['train', 100],
      ['t10k', 1],
    ] as const) {
      const digits = Array.from({ length: times }, () => drawnDigits).flat();
      const write = (name: string, bytes: Buffer) =>
        fs.writeFileSync(inScratch(`drawn/${kind}-${name}-ubyte`), bytes);
      write('images-idx3', idxImages(digits.map(({ pixels }) => pixels)));
      write('labels-idx1', idxLabels(digits.map(({ label }) => label)));
    }
  });

  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await sleep(running.size > 0 ? 500 : 0);
    fs.rmSync(scratch, { recursive: true });
  });

  it('npm run search and npm run trial are set-up and these scripts', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    assert.equal(scripts.search, 'node setup/setup.mjs && exec ts-node -T search/search.ts');
    assert.equal(scripts.trial, 'node setup/setup.mjs >&2 && exec ts-node -T search/trial.ts');
  });

  it('a trial ends at SIGTERM with its checkpoint kept, and the same call goes on', async () => {
    const args = [JSON.stringify(tiny), inScratch('trial')];
    const first = start('trial.ts', args);
    await once(first.process.stdout!, 'data');
    first.process.kill('SIGTERM');
    const cut = await first.ended;
    assert.equal(cut.code, 143, cut.stderr);
    const before = linesOf(cut.stdout);
    const end = before.pop();
    assert.deepEqual(end, { ended: 'interrupted', epochs: before.length });
    const whole = await start('trial.ts', args).ended;
    assert.equal(whole.code, 0, whole.stderr);
    const lines = linesOf(whole.stdout);
    assert.deepEqual(lines.slice(0, before.length), before);
    assert.deepEqual(
      lines.map(({ epoch }) => epoch),
      [1, 2, 3, 4, undefined],
    );
    assert.equal(lines.at(-1)!.ended, 'finished');
    const other = [JSON.stringify({ ...tiny, batchSize: 8 }), inScratch('trial')];
    const refused = await start('trial.ts', other).ended;
    assert.equal(refused.code, 2);
    assert.match(String(linesOf(refused.stdout)[0].reason), /batchSize was 4 and is 8/);
  });

  it('a node is killed and a trial diverges: the others finish, and none is lost or twice', async () => {
    const space = writeSpace('faults', {
      ...{ sampling: 'grid', stopping: 'none' },
      settings: { ...tiny, learningRate: { oneOf: [0.002, 0.003, 0.005, 1e30] } },
    });
    const output = inScratch('with-faults');
    const env = {
      ...quiet,
      RAY_AUTH_MODE: 'token',
      RAY_AUTH_TOKEN: randomBytes(32).toString('hex'),
    };
    const cluster = run(python, ['-I', 'test/system/cluster.py'], env);
    const [address] = await once(createInterface(cluster.process.stdout!), 'line');
    const search = start('search.ts', [space, '--address', address, '--output', output], env);
    await checkpoints(output, 2);
    cluster.process.stdin!.write('kill\n');
    const { code, stdout, stderr } = await search.ended;
    cluster.process.stdin!.end();
    assert.equal(code, 0, stderr);
    await cluster.ended;

    assert.match(stdout, /4 of 4 trials: .*min left\n/);
    assert.match(stdout, /4 trials: 3 finished, 1 failed; 12 epochs, 75 % of 16;/);
    const { trials, importance } = recordOf(output);
    assert.equal(new Set(trials.map(({ id }) => id)).size, 4);
    const rates = trials.map(({ settings }) => settings.learningRate as number);
    assert.deepEqual([...rates].sort(), [0.002, 0.003, 0.005, 1e30]);
    const [failed] = trials.splice(-1);
    assert.equal(failed.settings.learningRate, 1e30);
    assert.equal(failed.ended, 'failed');
    assert.match(failed.reason!, /^training of tiny_cnn diverged at epoch 1, .* loss is NaN/);
    for (const { ended, curve, seconds } of trials) {
      assert.equal(ended, 'finished');
      assert.deepEqual(
        curve.map(({ epoch }) => epoch),
        [1, 2, 3, 4],
      );
      assert.ok(seconds > 0);
    }
    const again = trials.flatMap(({ continuedAfter }) => continuedAfter);
    assert.ok(again.length > 0 && again.every((epoch) => epoch >= 1 && epoch < epochs), `${again}`);
    assert.equal(importance, null);
    const files = ['accuracy_by_epoch.png', 'best.json', 'parallel_coordinates.png'];
    assert.deepEqual(fs.readdirSync(output).sort(), [...files, 'search.json', 'trials.json']);
    const best = JSON.parse(fs.readFileSync(path.join(output, 'best.json'), 'utf8'));
    assert.deepEqual(best, { ...tiny, learningRate: rates[0] });
  });

  it('the driver is killed: --resume ends with as many trials, and goes on from checkpoints', async () => {
    const space = writeSpace('resumed', {
      ...{ sampling: 'optuna', stopping: 'asha', gracePeriod: 2 },
      settings: { ...tiny, learningRate: { from: 0.002, to: 0.005 } },
    });
    const output = inScratch('resumed-search');
    const args = [space, '--samples', '3', '--output', output];
    // What a user has set for Python and other clusters stays out.
    const own = { RAY_ADDRESS: '127.0.0.1:1', PYTHONHOME: output, PYTHONPATH: output };
    const first = start('search.ts', args, own);
    await checkpoints(output, 2);
    // The program of Ray, and not the command before it, which would let it end in order.
    process.kill(childOf(first.process.pid!), 'SIGKILL');
    const killed = await first.ended;
    assert.equal(killed.code, 1);
    assert.match(killed.stderr, /error: the search was ended by SIGKILL; see above\n$/);
    assert.ok(!fs.existsSync(path.join(output, 'trials.json')));

    const again = await start('search.ts', args).ended;
    assert.equal(again.code, 2);
    assert.match(again.stderr, /has an unfinished search\. Add --resume/);

    // Its storage takes no other search of that name, and nor does a folder of files of the user's.
    fs.mkdirSync(inScratch('own/resumed'), { recursive: true });
    fs.writeFileSync(inScratch('own/resumed/notes.txt'), 'mine');
    const elsewhere = ['--output', inScratch('elsewhere'), '--storage'];
    for (const [storage, message] of [
      [
        path.join(output, 'storage'),
        /another search, whose samples was 3 and is 2 here\. Give another/,
      ],
      [
        inScratch('own'),
        /own\/resumed has notes\.txt, which is of no search\. Give another --storage/,
      ],
    ] as const) {
      const samples = [space, '--samples', '2'];
      const refused = await start('search.ts', [...samples, ...elsewhere, storage]).ended;
      assert.match(refused.stderr, message);
      assert.equal(refused.code, 2);
      // So that the same command with another storage works.
      assert.deepEqual(fs.readdirSync(inScratch('elsewhere')), []);
    }
    assert.deepEqual(fs.readdirSync(inScratch('own/resumed')), ['notes.txt']);

    const user = { INIT_CWD: scratch };
    const resumed = await start('search.ts', [...args, '--resume'], user).ended;
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stdout, /all files of the search resumed are in resumed-search\n$/);
    const { trials } = recordOf(output);
    assert.equal(new Set(trials.map(({ id }) => id)).size, 3);
    assert.ok(trials.some(({ continuedAfter }) => continuedAfter.length > 0));
    for (const { ended, curve } of trials) {
      assert.ok(ended === 'finished' || ended === 'stopped', ended);
      assert.ok(curve.length >= 2, `${ended} after epoch ${curve.length}`);
      assert.deepEqual(
        curve.map(({ epoch }) => epoch),
        Array.from(curve.keys(), (it) => it + 1),
      );
    }
    assert.equal(trials[0].curve.length, epochs);
  });

  it('a time budget in which no trial has an epoch leaves no record, and all files', async () => {
    const space = writeSpace('short', {
      ...{ sampling: 'grid', stopping: 'none' },
      settings: { ...tiny, seed: { oneOf: [1, 2] } },
    });
    const output = inScratch('short-search');
    const args = [space, '--time-budget', '0.01', '--output', output];
    const { code, stderr } = await start('search.ts', args).ended;
    assert.match(
      stderr,
      /error: no trial had an epoch in the time budget; give a longer --time-budget/,
    );
    assert.equal(code, 1);
    assert.deepEqual(fs.readdirSync(output), ['search.json', 'storage']);
  });

  it('search.py records no trial without an epoch unless it failed, with its settings', () => {
    fs.writeFileSync(inScratch('params.json'), '{"seed": 1}');
    const [pending, failed] = inPython(`
result = lambda error: SimpleNamespace(filesystem=LocalFileSystem(), path=sys.argv[1], error=error)
print(json.dumps([search.describe(result(error), set(), 1) for error in (None, "no digits")]))`);
    assert.equal(pending, null);
    const { settings, ended, reason } = failed;
    assert.deepEqual(
      { settings, ended, reason },
      {
        ...{ settings: { seed: 1 }, ended: 'failed', reason: 'no digits' },
      },
    );
  });

  it('search.py takes the first of a grid in the order of the seed, and drops no value of a setting', () => {
    const [some, all, otherSeed] = inPython(`
points = [{"one": one, "two": two} for one in range(12) for two in range(3)]
print(json.dumps([search.drawn(points, *it) for it in ((42, 12), (42, 36), (7, 36))]))`);
    assert.deepEqual(some, all.slice(0, 12));
    assert.deepEqual([...new Set(some.map(({ two }: { two: number }) => two))].sort(), [0, 1, 2]);
    assert.equal(new Set(all.map((it: object) => JSON.stringify(it))).size, 36);
    assert.notDeepEqual(otherSeed, all);
  });

  it('refuses at once what it cannot run', async () => {
    const space = path.join(root, 'search', 'spaces', 'seeds.json');
    let number = 0;
    const bad = (settings: object) =>
      writeSpace(`bad-${++number}`, {
        sampling: 'optuna',
        stopping: 'asha',
        settings: { ...tiny, ...settings },
      });
    const wrong: [args: string[], code: number, message: RegExp][] = [
      [[bad({ learnRate: { oneOf: [1] } })], 2, /bad-1\.settings has learnRate, which is unknown/],
      [[bad({ learningRate: { from: 1, to: 1 } })], 2, /goes from 1 to 1; expected from below to/],
      [
        [bad({ batchSize: { oneOf: ['many'] } })],
        2,
        /batchSize is "many"; expected a whole number/,
      ],
      [[space, '--metric', 'testAccuracy'], 2, /choices are validationAccuracy, validationLoss/],
      [[space, '--samples', '31'], 2, /--samples is 31, but the grid of seeds has 30 combinations/],
      [[space, '--address', '127.0.0.1:1'], 1, /127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/],
      [[space, '--address', 'nowhere'], 2, /Expected a host and a port/],
      [[space, '--address', '127.0.0.1:99999'], 2, /Expected a host and a port/],
      [[inScratch('missing.json')], 2, /missing\.json cannot be read as a space/],
    ];
    for (const [args, expected, message] of wrong) {
      const output = inScratch('refused');
      const { code, stderr } = await start('search.ts', [...args, '--output', output]).ended;
      assert.match(stderr, message);
      assert.equal(code, expected, stderr);
      assert.ok(!fs.existsSync(output));
    }
    const output = inScratch('refused');
    const noDigits = { MNIST_DIR: inScratch('no-digits') };
    const without = await start('search.ts', [space, '--output', output], noDigits).ended;
    assert.match(without.stderr, /MNIST_DIR is .*no-digits, which cannot be read/);
    assert.equal(without.code, 1);
    assert.ok(!fs.existsSync(output));
    const nowhere = await start('trial.ts', [JSON.stringify(tiny), '']).ended;
    assert.match(nowhere.stderr, /Expected a path/);
    assert.equal(nowhere.code, 2);
  });
});

/** What keeps Ray on loopback and to itself, as search.ts has it for this machine. */
const quiet = { RAY_USAGE_STATS_ENABLED: '0', RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER: '0' };

/** Writes a space, and gives its path. */
function writeSpace(name: string, space: object): string {
  const file = inScratch(`${name}.json`);
  fs.writeFileSync(file, JSON.stringify({ purpose: 'A test', ...space }));
  return file;
}

/** Starts a script of search/. */
function start(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const file = path.join('search', script);
  return run(process.execPath, ['-r', 'ts-node/register/transpile-only', file, ...args], env);
}

/** Starts a program on the drawn digits. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, {
    ...{ cwd: root, env: { ...process.env, MNIST_DIR: inScratch('drawn'), ...env } },
  });
  running.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return { code: code as number | null, stdout, stderr };
  });
  return { process: child as ChildProcess, ended };
}

/** Waits until so many trials of a search have kept an epoch. */
async function checkpoints(output: string, count: number): Promise<void> {
  const storage = path.join(output, 'storage');
  const latest = Date.now() + 150_000;
  // Ray removes older checkpoints meanwhile, so a walk of the whole tree could meet one that goes.
  const inside = (folder: string) =>
    fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()
      ? fs.readdirSync(folder).map((name) => path.join(folder, name))
      : [];
  const kept = () =>
    inside(storage)
      .flatMap((search) => inside(search))
      .filter((trial) => inside(trial).some((it) => fs.existsSync(path.join(it, 'epochs')))).length;
  while (kept() < count) {
    assert.ok(Date.now() < latest, 'no checkpoints in 150 seconds');
    await sleep(50);
  }
}

/** What a program prints as JSON that has search.py as `search`, and the scratch as its argument. */
function inPython(program: string) {
  const begin = `
import json, sys
from types import SimpleNamespace
from pyarrow.fs import LocalFileSystem
sys.path.insert(0, "search")
import search`;
  const args = ['-I', '-B', '-c', begin + program, scratch];
  return JSON.parse(execFileSync(python, args, { cwd: root, encoding: 'utf8' }));
}

function childOf(parent: number): number {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.find(([, ppid]) => ppid === parent)![0];
}

function recordOf(output: string): SearchRecord & { trials: SearchRecord['trials'][number][] } {
  return JSON.parse(fs.readFileSync(path.join(output, 'trials.json'), 'utf8'));
}

/** The lines of a trial, each of them JSON. */
function linesOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
