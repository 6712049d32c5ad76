import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Conversion } from '../../convert/conversion';
import { recordFile } from '../../convert/folder';
import { bounds } from '../../convert/formats';
import { MnistClassifier } from '../../lib/classifier';
import { saveModel } from '../../lib/formats/tfjsLayers';
import { buildResidualCnn } from '../../lib/networks/residualCnn';
import { sha256 } from '../../lib/platform/files';
import { seededRandom } from '../../lib/platform/random';
import { tf } from '../../lib/platform/tensorflow';
import { drawnSet } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');
const classNames = ['zero', 'one', 'two', '3', '4', '5', '6', '7', '8', 'nine'];

let scratch: string;
const inScratch = (name: string) => path.join(scratch, name);

// Only in a suite do the hooks run around these tests, and not around those of every file.
describe('convert', () => {
  before(async () => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'convert-test-'));
    await save('residual', buildResidualCnn({ filters: [4, 8] }));
    await save('own', ownNetwork());
    const classifier = new MnistClassifier({ architecture: 'baseline', classNames });
    await classifier.train(
      { train: drawnSet(10), validation: drawnSet(1) },
      { epochs: 1, batchSize: 20 },
    );
    await classifier.save(inScratch('half'), { weights: 'float16' });
    classifier.dispose();
  });

  after(() => fs.rmSync(scratch, { recursive: true }));

  it('npm run convert is set-up and this script', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    assert.equal(scripts.convert, 'node setup/setup.mjs >&2 && exec ts-node -T convert/convert.ts');
  });

  it('ONNX: a residual network, with preprocessing in its metadata too', async () => {
    const { folder, stdout } = await converted('residual', 'onnx');
    assert.deepEqual(fs.readdirSync(folder), [recordFile, 'model.onnx']);
    const bytes = fs.readFileSync(path.join(folder, 'model.onnx')).toString('latin1');
    assert.match(bytes, /preprocessing[^a-z]+gray pixels from 0 \(paper\) to 1 \(ink\)/);
    assert.match(stdout, /^residual_cnn as onnx, float32: .*onnx \(\d+\.\d kB\)\n.* digits .*:\n/m);
    // Once more into its own folder, which then has the new files; into one of another format not.
    await converted('residual', 'onnx');
    const { code, stderr } = await convert('--to', 'keras', inScratch('residual'), folder);
    assert.equal(code, 2);
    assert.match(stderr, /holds a conversion to onnx\. Give a new or an empty folder/);
  });

  it('SavedModel: a classifier with weights in 16 bits, and its class names', async () => {
    const { folder, record } = await converted('half', 'savedmodel');
    assert.deepEqual(record.classNames, classNames);
    assert.match(record.preprocessing, /cropped to its ink, fitted into 20 x 20/);
    assert.ok(fs.existsSync(path.join(folder, 'saved_model.pb')));
  });

  it("Keras: a network of a user's own, with a network in it that two paths share", async () => {
    await converted('own', 'keras');
  });

  for (const weights of ['float32', 'float16', 'int8'] as const) {
    it(`TFLite: the same with weights of ${weights}`, async () => {
      await converted('own', 'tflite', '--weights', weights);
    });
  }

  it('refuses a network that a format cannot hold, and leaves nothing', async () => {
    const layers = [tf.layers.flatten({ inputShape: [28, 28, 1] }), tf.layers.thresholdedReLU()];
    await save('unknown', tf.sequential({ layers: [...layers, tf.layers.dense({ units: 10 })] }));
    await refused('unknown', 1, /^error: Keras cannot build .*ThresholdedReLU/m);
  });

  it('refuses a layer that means something else in the format, and leaves nothing', async () => {
    const rows = tf.layers.reshape({ inputShape: [28, 28, 1], targetShape: [28, 28] });
    const memory = tf.layers.lstm({ units: 4, recurrentActivation: 'hardSigmoid' });
    await save('other', tf.sequential({ layers: [rows, memory, tf.layers.dense({ units: 10 })] }));
    await refused('other', 1, /is 0\.\d+ off; expected at most 0\.00001/);
  });

  it('refuses a network that is missing, damaged, or not for digits', async () => {
    await refused('missing', 1, /cannot read .*missing.*, which a saved model needs/);
    fs.cpSync(inScratch('residual'), inScratch('damaged'), { recursive: true });
    const [weights] = fs.readdirSync(inScratch('damaged')).filter((it) => it.endsWith('.bin'));
    fs.truncateSync(path.join(inScratch('damaged'), weights), 100);
    await refused('damaged', 1, /is damaged: expected \d+ bytes, found 100/);
    await save('small', buildResidualCnn({ filters: [4], imageSize: 8 }));
    await refused('small', 1, /takes \[8, 8, 1\] .* expected one input of 784 pixels/);
  });

  it('refuses wrong arguments and a folder with other things, which stay', async () => {
    fs.mkdirSync(inScratch('mine'));
    fs.writeFileSync(path.join(inScratch('mine'), 'notes.txt'), 'mine');
    const wrong: [args: string[], message: RegExp][] = [
      [[], /missing required argument 'model'|required option '--to/],
      [['--to', 'pickle', 'a', 'b'], /choices are onnx, tflite, savedmodel, keras\./],
      [['--to', 'onnx', 'a'], /missing required argument 'folder'/],
      [['--to', 'onnx', '--weights', 'int8', 'a', 'b'], /--weights int8 is of tflite/],
      [['--to', 'onnx', inScratch('residual'), inScratch('mine')], /has notes\.txt, which no/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await convert(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(fs.readdirSync(inScratch('mine')), ['notes.txt']);
  });

  it('on Ctrl-C ends with 130 and leaves nothing', async () => {
    const place = inScratch('interrupted');
    fs.mkdirSync(place);
    const child = start('--to', 'keras', inScratch('residual'), path.join(place, 'keras'));
    const hasBegun = () =>
      fs.readdirSync(place, { recursive: true, encoding: 'utf8' }).some((it) => /digits$/.test(it));
    while (!hasBegun()) await sleep(20);
    child.process.kill('SIGINT');
    const { code, stderr } = await child.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /interrupted; nothing was written\n$/);
    assert.deepEqual(fs.readdirSync(place), []);
  });

  it('a Python environment: none without Python, and never over what it did not make', () => {
    const folder = inScratch('environment');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'requirements.txt'), '');
    const make = (env: NodeJS.ProcessEnv) => {
      const args = [path.join(root, 'setup', 'environment.mjs'), folder];
      return spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    };
    const none = make({ PATH: folder });
    assert.equal(none.status, 1);
    assert.match(none.stderr, /^Error: Python 3\.11 to 3\.13 .*; found: no python3\. Install it /);
    const venv = path.join(folder, '.venv');
    const made = make(process.env);
    assert.equal(made.status, 0, made.stderr);
    assert.equal(make(process.env).stdout, '');
    // As an interrupt leaves it.
    fs.writeFileSync(path.join(venv, 'setup.json'), '{"inputs":"","outputs":[]}');
    fs.rmSync(path.join(venv, 'bin'), { recursive: true });
    assert.equal(make(process.env).status, 0);
    assert.ok(fs.existsSync(path.join(venv, 'bin', 'python')));
    fs.rmSync(path.join(venv, 'setup.json'));
    const stranger = make(process.env);
    assert.equal(stranger.status, 1);
    assert.match(stranger.stderr, /\.venv was not made by this set-up .* rename or remove it/);
    assert.ok(fs.existsSync(path.join(venv, 'bin', 'python')));
  });
});

/** Gives a network numbers of its own, so that no weight can be mistaken for another, and saves it. */
async function save(name: string, model: tf.LayersModel): Promise<void> {
  const random = seededRandom(7, name);
  const weights = model.getWeights().map((weight) => {
    const spread = 2 / Math.sqrt(Math.max(9, weight.size / weight.shape.at(-1)!));
    const values = Float32Array.from({ length: weight.size }, () => spread * random());
    return tf.tensor(values, weight.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  await saveModel(model, inScratch(name));
  model.dispose();
}

/** Layers that no network of the library has, among them a network in the network. */
function ownNetwork(): tf.LayersModel {
  const images = tf.input({ shape: [28, 28, 1] });
  const apply = (layer: tf.layers.Layer, value: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(value) as tf.SymbolicTensor;
  const shared = tf.sequential({
    layers: [
      tf.layers.zeroPadding2d({
        inputShape: [28, 28, 1],
        padding: [
          [1, 2],
          [2, 1],
        ],
      }),
      tf.layers.separableConv2d({ filters: 3, kernelSize: 3, strides: 2, activation: 'relu6' }),
      tf.layers.batchNormalization(),
    ],
  });
  const softened = apply(
    tf.layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
    images,
  );
  const both = [apply(shared, images), apply(shared, softened)];
  let value = apply(tf.layers.concatenate(), both);
  value = apply(tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }), value);
  value = apply(tf.layers.leakyReLU({ alpha: 0.1 }), value);
  value = apply(tf.layers.dropout({ rate: 0.5 }), value);
  value = apply(tf.layers.globalMaxPooling2d({}), value);
  const outputs = apply(tf.layers.dense({ units: 10, activation: 'softmax' }), value);
  return tf.model({ inputs: images, outputs });
}

/** Converts a network of the scratch folder, and checks what all formats have in common. */
async function converted(name: string, to: Conversion['format'], ...options: string[]) {
  const folder = inScratch([name, to, ...options].join('-'));
  const { code, stdout, stderr } = await convert('--to', to, ...options, inScratch(name), folder);
  assert.equal(code, 0, stderr);
  const record: Conversion = JSON.parse(fs.readFileSync(path.join(folder, recordFile), 'utf8'));
  assert.equal(record.format, to);
  assert.deepEqual(record.input, { shape: [null, 28, 28, 1], type: 'float32' });
  const source = fs.readFileSync(path.join(inScratch(name), 'model.json'));
  assert.equal(record.sourceSha256, sha256(source));
  const { largestDifference, bound } = record.check;
  assert.equal(bound, bounds[record.weights]);
  assert.ok(largestDifference > 0 && largestDifference <= bound, `${largestDifference}`);
  assert.match(record.check.digits, /^the first 1,000 test digits/);
  for (const [file, { bytes, sha256: digest }] of Object.entries(record.files)) {
    const contents = fs.readFileSync(path.join(folder, file));
    assert.deepEqual([contents.length, sha256(contents)], [bytes, digest], file);
  }
  assert.deepEqual(partial(scratch), []);
  return { folder, stdout, record };
}

/** Checks that a network of the scratch folder is refused, and that nothing is left. */
async function refused(name: string, expected: number, message: RegExp): Promise<void> {
  const folder = inScratch(`${name}-refused`);
  const { code, stderr } = await convert('--to', 'keras', inScratch(name), folder);
  assert.equal(code, expected, stderr);
  assert.match(stderr, message);
  assert.ok(!fs.existsSync(folder));
  assert.deepEqual(partial(scratch), []);
}

function partial(folder: string): string[] {
  return fs.readdirSync(folder).filter((it) => it.startsWith('.'));
}

function convert(...args: string[]) {
  return start(...args).ended;
}

function start(...args: string[]) {
  const script = ['-r', 'ts-node/register/transpile-only', 'convert/convert.ts'];
  const child = spawn(process.execPath, [...script, ...args], { cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { process: child, ended };
}
