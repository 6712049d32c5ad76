/**
 * Where does the time of a training step go, operation by operation, in stock tfjs and in ours, and
 * that of our inference?
 *
 * Stock tfjs makes a native call for each operation, so the calls are timed. Ours makes one call for
 * a step: the graph that it hands to TensorFlow, and what it feeds, are recorded and run again by
 * the same TensorFlow in Python, which can trace them (trace.py).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { predict, tf, train } from 'digit-recognizer';
import { networks, type NetworkName } from './networks';

interface ProfileOptions {
  /** Where the bench's digits lie, and recordings go. */
  readonly folder: string;
  /** The Python that traces. */
  readonly python: string;
  /** Steps to measure. */
  readonly batches: number;
}

/** Milliseconds and calls of an operation in a step. */
type Operations = Record<string, { milliseconds: number; calls: number }>;

type Native = Record<string, (...args: never[]) => unknown>;

/** Rows that a table of operations has at most. */
const shownOperations = 20;

/**
 * Profiles a step of stock tfjs and of ours.
 *
 * @param names - Networks; none means source B's.
 * @returns Three Markdown tables a network.
 */
export async function profile(names: readonly string[], options: ProfileOptions): Promise<string> {
  const tables: string[] = [];
  for (const name of (names.length > 0 ? names : ['sourceB']) as NetworkName[]) {
    tables.push(
      await profileStock(name, options),
      await profileOurs(name, options),
      await profileInference(name, options),
    );
  }
  return `${tables.join('\n\n')}\n`;
}

async function profileStock(name: NetworkName, options: ProfileOptions): Promise<string> {
  const model = networks[name]();
  const { images, labels, count } = digits(options);
  const tensors = [tf.tensor(images, [count, 28, 28, 1]), tf.tensor1d(Float32Array.from(labels))];
  const fit = () => model.fit(tensors[0], tensors[1], { batchSize: 128, verbose: 0 });
  await fit();
  const operations: Operations = {};
  const addTime = (call: unknown[], milliseconds: number) => {
    const operation = (operations[call[0] as string] ??= { milliseconds: 0, calls: 0 });
    operation.milliseconds += milliseconds / options.batches;
    operation.calls += 1 / options.batches;
  };
  const restore = [watch('executeSingleOutput', addTime), watch('executeMultipleOutputs', addTime)];
  const start = performance.now();
  await fit();
  const step = (performance.now() - start) / options.batches;
  for (const end of restore) end();
  tf.dispose(tensors);
  const native = sumOf(operations);
  return table(`${name}, stock tfjs-node`, operations, [
    `A step takes ${step.toFixed(1)} ms: ${native.toFixed(1)} ms in the native calls below, and`,
    `${(step - native).toFixed(1)} ms in JavaScript (dropout masks, gradients' tape, memory).`,
  ]);
}

async function profileOurs(name: NetworkName, options: ProfileOptions): Promise<string> {
  const model = networks[name]();
  const recording = path.join(options.folder, `recording-${name}`);
  const { runs, end } = record(recording);
  const { epochs } = await train(model, digits(options), digits(options, 10), { epochs: 2 });
  end();
  // What runs most often is the step; what ran before it brought the weights and the images.
  const all = [...runs.values()];
  const often = all.reduce((a, b) => (b.milliseconds.length > a.milliseconds.length ? b : a));
  const traced = trace(recording, all.slice(0, all.indexOf(often) + 1), options);
  const native = meanOf(often.milliseconds.slice(-options.batches));
  const outside = (epochs[1].seconds * 1000) / options.batches - native;
  return table(`${name}, ours, 1 replica`, traced.operations, [
    `A step takes ${(native + outside).toFixed(1)} ms: ${native.toFixed(1)} ms in the one native`,
    `call and ${outside.toFixed(1)} ms in JavaScript and its share of the epoch's end (weights`,
    `back to tfjs, 10 digits scored). In Python the same graph takes`,
    `${traced.milliseconds.toFixed(1)} ms, and traced, the operations below, of which some run`,
    `side by side, ${sumOf(traced.operations).toFixed(1)} ms.`,
  ]);
}

async function profileInference(name: NetworkName, options: ProfileOptions): Promise<string> {
  const model = networks[name]();
  const { images } = digits(options);
  // TensorFlow leaves out biases that are 0, and does not fuse what is left as it does later.
  await train(model, digits(options), digits(options, 10), { epochs: 1 });
  const recording = path.join(options.folder, `recording-inference-${name}`);
  const { runs, end } = record(recording);
  await predict(model, images);
  const start = performance.now();
  await predict(model, images);
  const whole = performance.now() - start;
  end();
  const [run] = runs.values();
  const traced = trace(recording, [run], options);
  const calls = run.milliseconds.length / 2;
  const native = meanOf(run.milliseconds.slice(calls)) * calls;
  const count = run.inputs.reduce((sum, { shape }) => sum + shape[0], 0);
  return table(
    `${name}, ours, inference`,
    traced.operations,
    [
      `${images.length / 784} images take ${whole.toFixed(1)} ms: ${native.toFixed(1)} ms in`,
      `${calls} native calls and ${(whole - native).toFixed(1)} ms in JavaScript. In Python a call`,
      `of ${count} images takes ${traced.milliseconds.toFixed(1)} ms, and traced, the operations`,
      `below, of which some run side by side, ${sumOf(traced.operations).toFixed(1)} ms.`,
    ],
    'call',
  );
}

/** Runs recorded calls in Python, and traces the last. */
function trace(
  recording: string,
  runs: readonly Run[],
  { python }: ProfileOptions,
): { milliseconds: number; operations: Operations } {
  const replay = JSON.stringify(runs.map(({ inputs, outputs }) => [inputs, outputs]));
  writeFileSync(path.join(recording, 'runs.json'), replay);
  const env = { ...process.env, TF_ENABLE_ONEDNN_OPTS: '1', TF_CPP_MIN_LOG_LEVEL: '3' };
  const script = path.join(__dirname, 'trace.py');
  const out = execFileSync(python, [script, recording], { encoding: 'utf8', stdio: 'pipe', env });
  return JSON.parse(out);
}

/** What a graph was asked: the first inputs of each set of outputs, and the times of all runs. */
interface Run {
  readonly inputs: readonly { name: string; file: string; dtype: string; shape: number[] }[];
  readonly outputs: readonly string[];
  readonly milliseconds: number[];
}

/** Keeps a copy of the graph that is loaded next, and of what its runs are fed. */
function record(folder: string): { runs: Map<string, Run>; end: () => void } {
  mkdirSync(folder);
  const runs = new Map<string, Run>();
  const fed = new Map<number, { shape: number[]; values: NodeJS.TypedArray }>();
  const backend = tf.backend() as unknown as Native & { binding: Native };
  const { loadSavedModelMetaGraph: load, binding } = backend;
  backend.loadSavedModelMetaGraph = (...args: never[]) => {
    cpSync(args[0], path.join(folder, 'graph'), { recursive: true });
    return load.apply(backend, args);
  };
  // The binding's own functions cannot be replaced.
  backend.binding = Object.fromEntries(
    Object.getOwnPropertyNames(binding).map((name) => [name, binding[name]]),
  );
  backend.binding.createTensor = (...args: never[]) => {
    const id = binding.createTensor(...args) as number;
    const [shape, , values] = args as unknown as [number[], number, NodeJS.TypedArray];
    fed.set(id, { shape, values: values.slice() });
    return id;
  };
  backend.binding.runSavedModel = (...args: never[]) => {
    const start = performance.now();
    const results = binding.runSavedModel(...args);
    const milliseconds = performance.now() - start;
    const [, ids, names, outputs] = args as unknown as [number, number[], string, string];
    const inputs = ids.map((id, index) => {
      const { shape, values } = fed.get(id)!;
      const file = `${runs.size}-${index}`;
      if (!runs.has(outputs)) writeFileSync(path.join(folder, file), values);
      const dtype = values.constructor.name.replace('Array', '').toLowerCase();
      return { name: names.split(',')[index], file, dtype, shape };
    });
    fed.clear();
    const run = runs.get(outputs) ?? { inputs, outputs: outputs.split(','), milliseconds: [] };
    runs.set(outputs, run);
    run.milliseconds.push(milliseconds);
    return results;
  };
  const end = () => {
    backend.loadSavedModelMetaGraph = load;
    backend.binding = binding;
  };
  return { runs, end };
}

/** Times the calls of a method of tfjs's backend; gives what undoes it. */
function watch(method: string, onCall: (args: unknown[], milliseconds: number) => void) {
  const backend = tf.backend() as unknown as Native;
  const original = backend[method];
  backend[method] = (...args: never[]) => {
    const start = performance.now();
    const result = original.apply(backend, args);
    onCall(args, performance.now() - start);
    return result;
  };
  return () => {
    backend[method] = original;
  };
}

function digits({ folder, batches }: ProfileOptions, count = 128 * batches) {
  const bytes = readFileSync(path.join(folder, 'train-images'));
  const images = new Float32Array(bytes.buffer, bytes.byteOffset, count * 784);
  const labels = readFileSync(path.join(folder, 'train-labels')).subarray(0, count);
  return { images, labels, count };
}

function sumOf(operations: Operations): number {
  return Object.values(operations).reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function table(
  title: string,
  operations: Operations,
  text: readonly string[],
  unit = 'step',
): string {
  const sum = sumOf(operations);
  const sorted = Object.entries(operations).sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
  const rest = sorted.splice(shownOperations).map(([, operation]) => operation);
  if (rest.length > 0) {
    const milliseconds = rest.reduce((all, one) => all + one.milliseconds, 0);
    const calls = rest.reduce((all, one) => all + one.calls, 0);
    sorted.push([`${rest.length} others`, { milliseconds, calls }]);
  }
  const rows = sorted.map(([name, { milliseconds, calls }]) => {
    const share = ((100 * milliseconds) / sum).toFixed(1);
    return `| ${name} | ${calls.toFixed(0)} | ${milliseconds.toFixed(2)} | ${share} |`;
  });
  const head = `| operation | calls a ${unit} | ms a ${unit} | % |\n| --- | --: | --: | --: |`;
  return [`### ${title}`, text.join(' '), [head, ...rows].join('\n')].join('\n\n');
}
