/**
 * How fast do we train and infer, beside stock tfjs, Keras, PyTorch, ONNX Runtime and OpenVINO? What
 * is measured how is written in README.md beside this file.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Argument, Command } from 'commander';
import { loadDigits, writeFileWhole } from 'digit-recognizer';
import type { NetworkName } from './networks';
import {
  Contender,
  inNode,
  inPython,
  machine,
  makePythonEnvironment,
  python,
  root,
} from './processes';

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
const ours = ['ours', 'ours, 2 replicas', 'ours, augmented', 'ours, bfloat16', 'ours, 1 thread'];

/** A contender of the bench, with what it takes part in. */
class TimedContender extends Contender {
  constructor(
    name: string,
    start: readonly [command: string, args: readonly string[]],
    readonly tasks: readonly Task[],
    env?: Readonly<Record<string, string>>,
  ) {
    super(name, ...start, env);
  }

  /** Gives the seconds that a task takes with a network and so many images. */
  async measure(task: Task, network: NetworkName, count: number): Promise<Answer> {
    return (await this.ask(`${task} ${network} ${count}`)) as Answer;
  }
}

/** Writes the digits as all contenders read them, bare floats and bytes: so many for training. */
async function writeDigits(folder: string, most: number): Promise<void> {
  const { train, test, isSample } = await loadDigits();
  if (isSample) {
    throw new Error('the bench needs the full MNIST: let it be downloaded, or set MNIST_DIR');
  }
  writeFileSync(path.join(folder, 'train-images'), train.images.subarray(0, most * 28 * 28));
  writeFileSync(path.join(folder, 'train-labels'), train.labels.subarray(0, most));
  writeFileSync(path.join(folder, 'test-images'), test.images);
  writeFileSync(path.join(folder, 'test-labels'), test.labels);
}

/** Starts the contenders, in the order of their turns. */
function startContenders(folder: string, names?: readonly string[]): TimedContender[] {
  // Nothing to share between threads: the call runs where it was made.
  const oneThread = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '-1' };
  const all: readonly ConstructorParameters<typeof TimedContender>[] = [
    [ours[0], inNode('ours', '1', folder), ['train', 'infer', 'one']],
    [ours[1], inNode('ours', '2', folder), ['train']],
    [ours[2], inNode('augmented', '1', folder), ['train']],
    [ours[3], inNode('ours', '1', folder, 'bfloat16'), ['train', 'infer', 'one']],
    [ours[4], inNode('ours', '1', folder), ['one'], oneThread],
    ['stock tfjs-node', inNode('stock', '1', folder), ['train', 'infer', 'one']],
    ['Keras', inPython('keras', folder), ['train', 'infer']],
    ['Keras, bfloat16', inPython('keras', folder, 'mixed_bfloat16'), ['train', 'infer']],
    ['PyTorch', inPython('torch', folder), ['train', 'infer']],
    ['PyTorch, bfloat16', inPython('torch', folder, 'bfloat16'), ['train', 'infer']],
    ['ONNX Runtime', inPython('onnxruntime', folder), ['infer', 'one']],
    ['OpenVINO', inPython('openvino', folder), ['infer', 'one']],
    ['OpenVINO, bfloat16', inPython('openvino', folder, 'bf16'), ['infer', 'one']],
  ];
  // Where the processor has no such numbers, ours and OpenVINO would show their 32 bits again, and
  // Keras and PyTorch emulate them, which no user would want.
  const isIn = ([name]: (typeof all)[number]) =>
    (hasBfloat16() || !name.includes('bfloat16')) && (names?.includes(name) ?? true);
  return all.filter(isIn).map((given) => new TimedContender(...given));
}

/** Whether the processor multiplies 16-bit numbers. */
function hasBfloat16(): boolean {
  return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** Has the contenders take turns; the first round, in which they warm up, does not count. */
async function compare(
  contenders: readonly TimedContender[],
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

function readArguments() {
  const command = new Command('npm run bench --')
    .description(
      'Measures how fast we train and infer, beside stock tfjs, Keras, PyTorch, ONNX Runtime and ' +
        'OpenVINO.',
    )
    .addArgument(new Argument('[networks...]', 'all of them by default').choices(known))
    .option('--quick', 'a trial on a tenth of the images, which leaves results/ as it is', false)
    .option('--clock', 'seconds until a network reads the test digits well, instead')
    .option('--profile', 'where the time of a training step goes, instead');
  const { quick, ...instead } = command
    .parse()
    .opts<{ quick: boolean; clock?: true; profile?: true }>();
  const names = command.processedArgs[0] as NetworkName[];
  return { names, quick, isClock: 'clock' in instead, isProfile: 'profile' in instead };
}

async function versionsOf(contenders: readonly Contender[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const contender of contenders) Object.assign(versions, await contender.versions);
  return versions;
}

/** Starts the contenders of the clock: each in 32 bits, and in 16 where the processor has them. */
function clockContenders(folder: string): Contender[] {
  return [
    new Contender('ours', ...inNode('ours', '1', folder)),
    new Contender('Keras', ...inPython('keras', folder)),
    new Contender('PyTorch', ...inPython('torch', folder)),
    ...(hasBfloat16()
      ? [
          new Contender('ours, bfloat16', ...inNode('ours', '1', folder, 'bfloat16')),
          new Contender('Keras, bfloat16', ...inPython('keras', folder, 'mixed_bfloat16')),
          new Contender('PyTorch, bfloat16', ...inPython('torch', folder, 'bfloat16')),
        ]
      : []),
  ];
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFileWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}

async function main(): Promise<void> {
  const { names, quick, isClock, isProfile } = readArguments();
  makePythonEnvironment();

  const folder = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-bench-'));
  const running: Contender[] = [];
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  process.on('exit', () => {
    for (const contender of running) contender.end();
    rmSync(folder, { recursive: true, force: true });
  });
  const most = Math.max(...Object.values(networks).map(({ images }) => images));
  await writeDigits(folder, isClock ? Infinity : most);
  // A run on part of the work leaves what a whole one has written.
  const results = quick || names.length > 0 ? undefined : path.join(root, 'results');

  if (isProfile) {
    const { profile } = await import('./profile');
    const text = await profile(names, { folder, python, batches: quick ? 2 : 10 });
    console.log(text);
    if (results) await writeFileWhole(path.join(results, 'bench-profile.md'), text);
    return;
  }

  if (isClock) {
    const { runClock } = await import('./clock');
    const contenders = clockContenders(folder);
    running.push(...contenders);
    const versions = await versionsOf(contenders);
    const record = { date: new Date().toISOString(), machine: machine(), versions };
    const measured = await runClock(contenders, { quick });
    console.log(markdown(measured.table));
    if (results) {
      await writeJson(path.join(results, '03-how-far', 'clock.json'), {
        ...record,
        ...measured.record,
      });
    }
    return;
  }

  const contenders = startContenders(folder);
  running.push(...contenders);
  const versions = await versionsOf(contenders);
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
    await writeJson(path.join(results, 'bench.json'), report);
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
