/**
 * How fast do we train and infer, beside stock tfjs, Keras and PyTorch? What is measured how is
 * written in README.md beside this file.
 */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Argument, Command } from 'commander';
import { loadDigits, writeFileWhole } from 'digit-recognizer';
import type { NetworkName } from './networks';

type Task = 'train' | 'infer';

/** Seconds of one contender's turns, the rounds in order. */
interface Timing {
  readonly best: number;
  readonly median: number;
  readonly seconds: readonly number[];
}

/** What came of one task with one network. */
interface Measurement {
  readonly network: NetworkName;
  readonly task: Task;
  /** Images in a turn. */
  readonly images: number;
  /** By contender. */
  readonly timings: Readonly<Record<string, Timing>>;
  /** How many times as fast each of ours is as each other, by their best turns. */
  readonly speeds: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What the contenders do in a round. */
interface Turn {
  readonly network: NetworkName;
  readonly task: Task;
  readonly images: number;
  readonly rounds: number;
}

/** Titles of the networks, and training images that take each a few seconds or less. */
const networks: Record<NetworkName, { title: string; images: number }> = {
  baseline: { title: 'A: baseline', images: 25_600 },
  simple: { title: 'A: simple CNN', images: 2_560 },
  regularized: { title: 'A: regularized CNN', images: 2_560 },
  sourceB: { title: 'B: deeper CNN', images: 2_560 },
};
const known = Object.keys(networks) as NetworkName[];
const testImages = 10_000;
const root = path.dirname(__dirname);
const venv = path.join(__dirname, '.venv');
const python = path.join(venv, 'bin', 'python');
const ours = ['ours', 'ours, 2 replicas', 'ours, bfloat16'];

/** oneDNN for all, and no GPU for any. */
const environment = {
  ...process.env,
  CUDA_VISIBLE_DEVICES: '',
  TF_ENABLE_ONEDNN_OPTS: '1',
  TF_CPP_MIN_LOG_LEVEL: '3',
};

/** A process that measures when it is asked to, and sleeps otherwise. */
class Contender {
  /** What it says first, when it has loaded everything. */
  readonly versions: Promise<Record<string, string>>;
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: Interface;
  private errors = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    this.process = spawn(command, args, { cwd: root, env: environment });
    this.lines = createInterface({ input: this.process.stdout });
    this.process.stderr.on('data', (text) => (this.errors += text));
    this.versions = this.answer() as Promise<Record<string, string>>;
  }

  /** Gives the seconds that a task takes with a network and so many images. */
  async measure(task: Task, network: NetworkName, count: number): Promise<number> {
    const answer = this.answer();
    this.process.stdin.write(`${task} ${network} ${count}\n`);
    return (await answer).seconds as number;
  }

  end(): void {
    this.process.kill();
  }

  /** Waits for a line of JSON: libraries may print others. */
  private answer(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`contender "${this.name}" ended:\n${this.errors}`));
      const read = (line: string) => {
        if (!line.startsWith('{')) return;
        this.process.off('close', ended);
        this.lines.off('line', read);
        resolve(JSON.parse(line));
      };
      this.process.once('close', ended);
      this.lines.on('line', read);
    });
  }
}

/** Makes the Python environment where it is missing or pinned otherwise. */
function makePythonEnvironment(): void {
  const requirements = path.join(__dirname, 'requirements.txt');
  const stamp = path.join(venv, 'requirements.txt');
  if (existsSync(stamp) && readFileSync(stamp).equals(readFileSync(requirements))) return;
  console.log('Making bench/.venv with TensorFlow, Keras and PyTorch (about 2 GB) ...');
  rmSync(venv, { recursive: true, force: true });
  const projectPython = path.join(root, '.venv', 'bin', 'python');
  const base = existsSync(projectPython) ? projectPython : 'python3';
  execFileSync(base, ['-m', 'venv', venv], { stdio: 'inherit' });
  const install = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '-r', requirements];
  execFileSync(python, install, { stdio: 'inherit' });
  copyFileSync(requirements, stamp);
}

/** Writes the digits as all contenders read them: bare floats and bytes. */
async function writeDigits(folder: string): Promise<void> {
  const { train, test, isSample } = await loadDigits();
  if (isSample) {
    throw new Error('the bench needs the full MNIST: let it be downloaded, or set MNIST_DIR');
  }
  const most = Math.max(...Object.values(networks).map(({ images }) => images));
  writeFileSync(path.join(folder, 'train-images'), train.images.subarray(0, most * 28 * 28));
  writeFileSync(path.join(folder, 'train-labels'), train.labels.subarray(0, most));
  writeFileSync(path.join(folder, 'test-images'), test.images);
}

/** The command of each contender, in the order of their turns. */
function commands(folder: string): [name: string, command: string, args: string[]][] {
  const script = ['-r', 'ts-node/register/transpile-only', 'bench/contender.ts'];
  return [
    [ours[0], process.execPath, [...script, 'ours', '1', folder]],
    [ours[1], process.execPath, [...script, 'ours', '2', folder]],
    [ours[2], process.execPath, [...script, 'ours', '1', folder, 'bfloat16']],
    ['stock tfjs-node', process.execPath, [...script, 'stock', '1', folder]],
    ['Keras', python, ['bench/contender.py', 'keras', folder]],
    ['Keras, bfloat16', python, ['bench/contender.py', 'keras', folder, 'mixed_bfloat16']],
    ['PyTorch', python, ['bench/contender.py', 'torch', folder]],
  ];
}

/** Has the contenders take turns; the first round, in which they warm up, does not count. */
async function compare(
  contenders: readonly Contender[],
  { network, task, images, rounds }: Turn,
): Promise<Measurement> {
  // Replicas are for training only.
  const takePart = contenders.filter(({ name }) => task === 'train' || name !== ours[1]);
  const seconds = new Map(takePart.map((contender) => [contender, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [contender, turns] of seconds) {
      const turn = await contender.measure(task, network, images);
      if (round > 0) turns.push(Number(turn.toFixed(6)));
    }
  }
  const entries = [...seconds].map(([{ name }, turns]) => [name, summarize(turns)] as const);
  const timings = Object.fromEntries(entries);
  return { network, task, images, timings, speeds: compareBest(timings) };
}

function summarize(seconds: readonly number[]): Timing {
  const sorted = [...seconds].sort((a, b) => a - b);
  const middle = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return { best: sorted[0], median: (middle[0] + middle[1]) / 2, seconds };
}

function compareBest(timings: Measurement['timings']): Measurement['speeds'] {
  const others = Object.keys(timings).filter((name) => !ours.includes(name));
  const mine = Object.keys(timings).filter((name) => ours.includes(name));
  const speedsOf = (name: string) =>
    others.map((other) => [other, timings[other].best / timings[name].best]);
  return Object.fromEntries(mine.map((name) => [name, Object.fromEntries(speedsOf(name))]));
}

/** Markdown tables of seconds, `best (median)`, and of speeds. */
function tables(measurements: readonly Measurement[], names: readonly string[]): string {
  const others = names.filter((name) => !ours.includes(name));
  const pairs = ours.flatMap((name) => others.map((other) => [name, other]));
  const rows = (cells: (measurement: Measurement) => string[]) =>
    measurements.map((it) => [`${networks[it.network].title}, ${it.task}`, ...cells(it)]);
  const seconds = rows(({ timings }) =>
    names.map((name) => {
      const { best, median } = timings[name] ?? {};
      return best === undefined ? '' : `${best.toFixed(3)} (${median.toFixed(3)})`;
    }),
  );
  const speeds = rows(({ speeds }) =>
    pairs.map(([name, other]) => speeds[name]?.[other].toFixed(2) ?? ''),
  );
  const versus = pairs.map(([name, other]) => `${name} / ${other}`);
  return [
    markdown([['seconds, best (median)', ...names], ...seconds]),
    markdown([['times as fast', ...versus], ...speeds]),
  ].join('\n\n');
}

function markdown([head, ...rows]: string[][]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function machine() {
  const processors = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const system = `${os.type()} ${os.release()} ${os.arch()}`;
  return { processor: processors[0].model.trim(), cores: processors.length, memory, system };
}

function readArguments() {
  const command = new Command('npm run bench --')
    .description('Measures how fast we train and infer, beside stock tfjs, Keras and PyTorch.')
    .addArgument(new Argument('[networks...]', 'all of them by default').choices(known))
    .option('--quick', 'a trial on a tenth of the images, which leaves results/ as it is', false)
    .option('--profile', 'where the time of a training step goes, instead');
  const { quick, profile } = command.parse().opts<{ quick: boolean; profile?: true }>();
  return { names: command.processedArgs[0] as NetworkName[], quick, isProfile: profile ?? false };
}

async function main(): Promise<void> {
  const { names, quick, isProfile } = readArguments();
  makePythonEnvironment();

  const folder = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-bench-'));
  const contenders: Contender[] = [];
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  process.on('exit', () => {
    for (const contender of contenders) contender.end();
    rmSync(folder, { recursive: true, force: true });
  });
  await writeDigits(folder);
  // A run on part of the work leaves what a whole one has written.
  const results = quick || names.length > 0 ? undefined : path.join(root, 'results');

  if (isProfile) {
    const { profile } = await import('./profile');
    const text = await profile(names, { folder, python, batches: quick ? 2 : 10 });
    console.log(text);
    if (results) await writeFileWhole(path.join(results, 'bench-profile.md'), text);
    return;
  }

  const versions: Record<string, string> = {};
  for (const [name, command, args] of commands(folder)) {
    const contender = new Contender(name, command, args);
    contenders.push(contender);
    Object.assign(versions, await contender.versions);
  }
  const rounds = quick ? 2 : 7;
  const share = quick ? 0.1 : 1;
  const measurements: Measurement[] = [];
  for (const network of names.length > 0 ? names : known) {
    console.error(`${networks[network].title} ...`);
    const [train, infer] = [networks[network].images, testImages].map((count) => count * share);
    measurements.push(
      await compare(contenders, { network, task: 'train', images: train, rounds }),
      await compare(contenders, { network, task: 'infer', images: infer, rounds }),
    );
  }
  const columns = contenders.map(({ name }) => name);
  console.log(tables(measurements, columns));
  if (results) {
    const date = new Date().toISOString();
    const report = { date, machine: machine(), versions, batchSize: 128, rounds, measurements };
    await writeFileWhole(path.join(results, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  }
}

main().then(
  // Contenders that wait for a line would keep this process waiting too.
  () => process.exit(),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
