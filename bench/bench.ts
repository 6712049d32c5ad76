/**
 * How fast do we train and infer, beside stock tfjs, Keras, PyTorch, ONNX Runtime and OpenVINO? What
 * is measured how is written in README.md beside this file.
 */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Argument, Command } from 'commander';
import { loadDigits, writeFileWhole } from 'digit-recognizer';
import type { NetworkName } from './networks';

/** An epoch of training, an inference over many images, or one image after the other. */
type Task = 'train' | 'infer' | 'one';

/** What a contender answers: `slow` is the 99th percentile, where `seconds` is a median. */
interface Answer {
  readonly seconds: number;
  readonly slow?: number;
}

/** Seconds of one contender's turns, the rounds in order. */
interface Timing {
  readonly best: number;
  readonly median: number;
  readonly seconds: readonly number[];
  /** Median of the turns' 99th percentiles, of `one`. */
  readonly slow?: number;
}

/** Resident memory of a process that trains source B's network, in MiB. */
interface Memory {
  /** After the epochs in `memoryEpochs`. */
  readonly resident: readonly number[];
  readonly peak: number;
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
const imagesOneByOne = 500;
/** Epochs of 2,560 images after which the memory is read; a turn has two. */
const memoryEpochs = [2, 10, 20] as const;
const root = path.dirname(__dirname);
const python = path.join(__dirname, '.venv', 'bin', 'python');
const ours = ['ours', 'ours, 2 replicas', 'ours, augmented', 'ours, bfloat16', 'ours, 1 thread'];

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
    readonly tasks: readonly Task[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.process = spawn(command, args, { cwd: root, env: { ...environment, ...env } });
    this.lines = createInterface({ input: this.process.stdout });
    this.process.stderr.on('data', (text) => (this.errors += text));
    this.versions = this.answer() as Promise<Record<string, string>>;
  }

  /** Gives the seconds that a task takes with a network and so many images. */
  async measure(task: Task, network: NetworkName, count: number): Promise<Answer> {
    const answer = this.answer();
    this.process.stdin.write(`${task} ${network} ${count}\n`);
    return (await answer) as unknown as Answer;
  }

  /** Gives the memory of the process, now and at most, in MiB. */
  memory(): { resident: number; peak: number } {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    const [resident, peak] = ['VmRSS', 'VmHWM'].map((name) => {
      return Math.round(Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) / 1024);
    });
    return { resident, peak };
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

/** Starts the contenders, in the order of their turns. */
function startContenders(folder: string, names?: readonly string[]): Contender[] {
  const node = (...args: string[]) => [process.execPath, [...script, ...args]] as const;
  const script = ['-r', 'ts-node/register/transpile-only', 'bench/contender.ts'];
  // Nothing to share between threads: the call runs where it was made.
  const oneThread = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '-1' };
  const inPython = (kind: string, ...policy: string[]) => {
    return [python, ['bench/contender.py', kind, folder, ...policy]] as const;
  };
  const all: readonly ConstructorParameters<typeof Contender>[] = [
    [ours[0], ...node('ours', '1', folder), ['train', 'infer', 'one']],
    [ours[1], ...node('ours', '2', folder), ['train']],
    [ours[2], ...node('augmented', '1', folder), ['train']],
    [ours[3], ...node('ours', '1', folder, 'bfloat16'), ['train', 'infer', 'one']],
    [ours[4], ...node('ours', '1', folder), ['one'], oneThread],
    ['stock tfjs-node', ...node('stock', '1', folder), ['train', 'infer', 'one']],
    ['Keras', ...inPython('keras'), ['train', 'infer']],
    ['Keras, bfloat16', ...inPython('keras', 'mixed_bfloat16'), ['train', 'infer']],
    ['PyTorch', ...inPython('torch'), ['train', 'infer']],
    ['PyTorch, bfloat16', ...inPython('torch', 'bfloat16'), ['train', 'infer']],
    ['ONNX Runtime', ...inPython('onnxruntime'), ['infer', 'one']],
    ['OpenVINO', ...inPython('openvino'), ['infer', 'one']],
    ['OpenVINO, bfloat16', ...inPython('openvino', 'bf16'), ['infer', 'one']],
  ];
  // Where the processor has no such numbers, ours and OpenVINO would show their 32 bits again, and
  // Keras and PyTorch emulate them, which no user would want.
  const isIn = ([name]: (typeof all)[number]) =>
    (hasBfloat16() || !name.includes('bfloat16')) && (names?.includes(name) ?? true);
  return all.filter(isIn).map((given) => new Contender(...given));
}

/** Whether the processor multiplies 16-bit numbers. */
function hasBfloat16(): boolean {
  return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** Has the contenders take turns; the first round, in which they warm up, does not count. */
async function compare(
  contenders: readonly Contender[],
  { network, task, images, rounds }: Turn,
): Promise<Measurement> {
  const takePart = contenders.filter(({ tasks }) => tasks.includes(task));
  const answers = new Map(takePart.map((contender) => [contender, [] as Answer[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [contender, turns] of answers) {
      const turn = await contender.measure(task, network, images);
      if (round > 0) turns.push(turn);
    }
  }
  const entries = [...answers].map(([{ name }, turns]) => [name, summarize(turns)] as const);
  const timings = Object.fromEntries(entries);
  return { network, task, images, timings, speeds: compareBest(timings) };
}

/** Trains source B's network for long in processes of their own, and reads their memory. */
async function compareMemory(folder: string): Promise<Record<string, Memory>> {
  const memory: Record<string, Memory> = {};
  for (const name of ['ours', 'ours, bfloat16', 'Keras', 'PyTorch']) {
    const [contender] = startContenders(folder, [name]);
    if (contender === undefined) continue;
    try {
      await contender.versions;
      const resident: number[] = [];
      for (let epoch = 2; epoch <= Math.max(...memoryEpochs); epoch += 2) {
        await contender.measure('train', 'sourceB', networks.sourceB.images);
        if (memoryEpochs.some((it) => it === epoch)) resident.push(contender.memory().resident);
      }
      memory[name] = { resident, peak: contender.memory().peak };
    } finally {
      contender.end();
    }
  }
  return memory;
}

function summarize(answers: readonly Answer[]): Timing {
  const seconds = answers.map((answer) => Number(answer.seconds.toFixed(6)));
  const slow = answers.flatMap((answer) => answer.slow ?? []);
  return {
    best: Math.min(...seconds),
    median: medianOf(seconds),
    seconds,
    ...(slow.length > 0 && { slow: medianOf(slow) }),
  };
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
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
  const rows = (cells: (measurement: Measurement) => string[]) =>
    measurements.map((it) => [`${networks[it.network].title}, ${it.task}`, ...cells(it)]);
  const seconds = rows(({ task, timings }) =>
    names.map((name) => {
      const { best, median, slow } = timings[name] ?? {};
      if (best === undefined) return '';
      if (task !== 'one') return `${best.toFixed(3)} (${median.toFixed(3)})`;
      return `${(1000 * best).toFixed(3)} ms (${(1000 * slow!).toFixed(3)})`;
    }),
  );
  // The better of our ways in 32 bits, and that in 16.
  const ways = [ours.filter((name) => !name.includes('bfloat16')), ['ours, bfloat16']];
  const ratios = ways
    .filter((way) => way.some((name) => names.includes(name)))
    .flatMap((way) =>
      measurements.map(({ network, task, speeds }) => [
        `${networks[network].title}, ${task}, ${way[0]}`,
        ...others.map((other) => {
          const known = way.flatMap((name) => speeds[name]?.[other] ?? []);
          return known.length > 0 ? Math.max(...known).toFixed(2) : '';
        }),
      ]),
    );
  return [
    markdown([
      ['seconds, best (median); of one image, best median (99th percentile)', ...names],
      ...seconds,
    ]),
    markdown([['times as fast as', ...others], ...ratios]),
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
    .description(
      'Measures how fast we train and infer, beside stock tfjs, Keras, PyTorch, ONNX Runtime and ' +
        'OpenVINO.',
    )
    .addArgument(new Argument('[networks...]', 'all of them by default').choices(known))
    .option('--quick', 'a trial on a tenth of the images, which leaves results/ as it is', false)
    .option('--profile', 'where the time of a training step goes, instead');
  const { quick, profile } = command.parse().opts<{ quick: boolean; profile?: true }>();
  return { names: command.processedArgs[0] as NetworkName[], quick, isProfile: profile ?? false };
}

async function main(): Promise<void> {
  const { names, quick, isProfile } = readArguments();
  // About 2.5 GB, where it is missing or pinned otherwise.
  execFileSync(process.execPath, ['setup/environment.mjs', 'bench'], {
    cwd: root,
    stdio: 'inherit',
  });

  const folder = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-bench-'));
  const running: Contender[] = [];
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  process.on('exit', () => {
    for (const contender of running) contender.end();
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

  const contenders = startContenders(folder);
  running.push(...contenders);
  const versions: Record<string, string> = {};
  for (const contender of contenders) Object.assign(versions, await contender.versions);
  if (!hasBfloat16()) {
    console.error('No avx512_bf16 and no amx_bf16 in this processor: 32 bits are measured alone.');
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
      await compare(contenders, { network, task: 'one', images: imagesOneByOne * share, rounds }),
    );
  }
  const columns = contenders.map(({ name }) => name);
  console.log(tables(measurements, columns));
  if (results) {
    for (const contender of contenders) contender.end();
    console.error('Memory of a long training ...');
    const memory = await compareMemory(folder);
    const rows = Object.entries(memory).map(([name, { resident, peak }]) => [
      name,
      ...resident,
      peak,
    ]);
    const head = ['resident MiB after epochs', ...memoryEpochs, 'peak'];
    console.log(`\n${markdown([head, ...rows].map((cells) => cells.map(String)))}`);
    const date = new Date().toISOString();
    const measured = { measurements, memory: { epochs: memoryEpochs, contenders: memory } };
    const report = { date, machine: machine(), versions, batchSize: 128, rounds, ...measured };
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
