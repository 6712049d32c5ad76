/*
 * How does a saved network become another format, and who says that it is still the same network?
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadDigits, loadModel, predict, selectDigits, tf, type DigitData } from 'digit-recognizer';
import { version } from 'digit-recognizer/package.json';
import { bounds, compare, type Comparison, type FormatName, type WeightType } from './formats';
import { type ConvertedFile, listFiles, recordFile, replaceFolder } from './folder';

/** How many digits both networks read, and by how many the ranges of int8 are found. */
const checkedCount = 1000;
const calibrationCount = 500;
const digitPixels = 28 * 28;
const root = path.dirname(__dirname);

/** What stands in conversion.json beside the converted network. */
export interface Conversion {
  readonly format: FormatName;
  readonly weights: WeightType;
  readonly network: string;
  /** SHA-256 of the model.json that it was made from, which tells that of the weights. */
  readonly sourceSha256: string;
  readonly library: string;
  /** What the network takes; the first number of the shape is that of images. */
  readonly input: { readonly shape: readonly (number | null)[]; readonly type: 'float32' };
  /** How a picture becomes such numbers. */
  readonly preprocessing: string;
  /** The names of its classes, where it has any. */
  readonly classNames?: readonly string[];
  readonly check: Comparison & {
    readonly digits: string;
    readonly bound: number;
  };
  readonly files: Readonly<Record<string, ConvertedFile>>;
}

/** What to convert, and how. */
export interface ConversionOptions {
  readonly to: FormatName;
  readonly weights: WeightType;
  /** Ends the conversion, with an error of the name `AbortError`. */
  readonly signal: AbortSignal;
}

/**
 * Converts a saved network, checks it, and puts it in a folder.
 *
 * @param source - The folder of a network that the library saved, or of stock tfjs.
 * @param folder - Where to; `requireFreeFolder` has let it pass.
 * @param temporary - An empty folder on the same disk, which the caller removes.
 * @returns What was written beside it, in conversion.json.
 * @throws Error when it cannot be loaded, converted, or differs by more than the format's bound.
 */
export async function convert(
  source: string,
  folder: string,
  temporary: string,
  options: ConversionOptions,
): Promise<Conversion> {
  const { to: format, weights, signal } = options;
  const model = await loadModel(source);
  requireDigitNetwork(model, source);
  await runProgram(process.execPath, ['setup/environment.mjs', 'convert'], signal);
  const digits = await loadDigits({ mirrors: [] });
  const checked = firstOf(digits.test, checkedCount);
  const expected = await predict(model, checked.images);
  const description = describe(model, source);

  const imageShape = model.inputs[0].shape.slice(1);
  writeNetwork(model, temporary, { description: asTexts(description), imageShape });
  writeFileSync(path.join(temporary, 'digits'), checked.images);
  const calibration = firstOf(digits.validation, calibrationCount);
  writeFileSync(path.join(temporary, 'calibration'), calibration.images);
  model.dispose();
  const python = path.join(__dirname, '.venv', 'bin', 'python');
  // Isolated: what a user set for their own Python stays out.
  const script = ['-I', path.join(__dirname, 'convert.py'), format, weights, temporary];
  await runProgram(python, script, signal);

  const out = path.join(temporary, 'out');
  const found =
    format === 'onnx'
      ? await predictByOnnx(path.join(out, 'model.onnx'), checked.images, imageShape)
      : floatsOf(readFileSync(path.join(temporary, 'probabilities')));
  const comparison = compare(expected, found, checked.labels);
  const bound = bounds[weights];
  if (comparison.largestDifference > bound) {
    throw new Error(
      `the ${format} network gives a probability that is ${comparison.largestDifference.toFixed(6)} off; ` +
        `expected at most ${bound}. A layer of it means something else in that format, or, in int8, ` +
        'its numbers have too wide a range; nothing was written',
    );
  }
  const check = { digits: nameOf(digits, checked.count), bound, ...comparison };
  const record = { format, weights, ...description, check, files: listFiles(out) };
  writeFileSync(path.join(out, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  signal.throwIfAborted();
  replaceFolder(out, folder);
  return record;
}

function requireDigitNetwork(model: tf.LayersModel, source: string): void {
  const { inputs, outputs } = model;
  const pixels = inputs[0].shape.slice(1).reduce<number>((product, it) => product * it!, 1);
  if (inputs.length === 1 && outputs.length === 1 && pixels === digitPixels) return;
  const shapes = inputs.map(({ shape }) => `[${shape.slice(1).join(', ')}]`).join(', ');
  throw new Error(
    `${source} takes ${shapes} and has ${outputs.length} outputs; expected one input of ` +
      `${digitPixels} pixels and one output, since it is checked on MNIST's digits`,
  );
}

/** What is told of a network beside its numbers. */
function describe(model: tf.LayersModel, source: string) {
  const { classifier } = (model.getUserDefinedMetadata() ?? {}) as {
    classifier?: { classNames: string[]; preprocessing: string };
  };
  const file = path.join(source, 'model.json');
  const text = readFileSync(statSync(source).isDirectory() ? file : source);
  return {
    network: model.name,
    sourceSha256: createHash('sha256').update(text).digest('hex'),
    library: `digit-recognizer ${version}`,
    input: { shape: model.inputs[0].shape, type: 'float32' as const },
    preprocessing: classifier?.preprocessing ?? 'gray pixels from 0 (paper) to 1 (ink), row-major',
    ...(classifier && { classNames: classifier.classNames }),
  };
}

/** As ONNX has it: texts alone. */
function asTexts(description: object): Record<string, string> {
  const entries = Object.entries(description).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(entries);
}

/** Writes a network as convert.py reads it: its topology, and its weights in the order of layers. */
function writeNetwork(model: tf.LayersModel, folder: string, more: object): void {
  const weights: { layer: string; name: string; shape: (number | null)[] }[] = [];
  const values: Uint8Array[] = [];
  const walk = (layers: readonly tf.layers.Layer[], place: string) => {
    for (const layer of layers) {
      const name = `${place}${layer.name}`;
      const inner = (layer as tf.LayersModel).layers;
      if (inner) {
        walk(inner, `${name}/`);
        continue;
      }
      layer.getWeights().forEach((tensor, index) => {
        const { originalName } = layer.weights[index];
        weights.push({ layer: name, name: originalName, shape: tensor.shape });
        values.push(new Uint8Array(Float32Array.from(tensor.dataSync()).buffer));
      });
    }
  };
  walk(model.layers, '');
  const topology = model.toJSON(undefined, false);
  const network = { topology, weights, ...more };
  writeFileSync(path.join(folder, 'network.json'), JSON.stringify(network));
  writeFileSync(path.join(folder, 'weights'), Buffer.concat(values));
}

async function predictByOnnx(
  file: string,
  images: Float32Array,
  imageShape: readonly (number | null)[],
): Promise<Float32Array> {
  // Loaded only now, for the one format that needs it.
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(file);
  const count = images.length / digitPixels;
  const tensor = new Tensor('float32', images, [count, ...(imageShape as number[])]);
  const outputs = await session.run({ [session.inputNames[0]]: tensor });
  await session.release();
  return outputs[session.outputNames[0]].data as Float32Array;
}

/** Runs a program to its end; what it says goes to stderr, or into the error of one that failed. */
function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, signal, stdio: ['ignore', 2, 'pipe'] });
    let errors = '';
    child.stderr?.on('data', (text) => (errors += text));
    let failure: Error | undefined;
    child.on('error', (error) => (failure = error));
    // Not before its end: until then it may write into the folder that the caller removes.
    child.on('close', (code) => {
      if (failure) return reject(failure);
      if (code === 0) return resolve();
      // Below what TensorFlow says while it loads.
      const told = /^error: .*/ims.exec(errors)?.[0].slice('error: '.length);
      reject(new Error(told?.trim() ?? errors.trim().split('\n').slice(-12).join('\n')));
    });
  });
}

function firstOf(digits: DigitData['test'], count: number) {
  return selectDigits(
    digits,
    Array.from({ length: Math.min(count, digits.count) }, (_, i) => i),
  );
}

function nameOf({ isSample, source }: DigitData, count: number): string {
  const name = isSample ? 'test digits, not of the full MNIST but of a' : 'test digits';
  return `the first ${count.toLocaleString('en-US')} ${name} (${source})`;
}

function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
