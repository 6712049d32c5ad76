import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { countLines, readDoor, readLibrary, type SourceFile } from '../scripts/countLines';

/** What the house may grow to; lines are those that `npm run lines` counts. */
const limits = {
  // With intervals of means, gradients by layer, and figures of grids, of seeds and against the clock,
  // and pictures of several digits, on paper with lines, shadows, boxes and tables, with slashes between
  // them, or touching in several ways; digits that are varied and spoiled, joined and drawn from, answers
  // above a threshold, rows of a hidden layer, a map of them, and competitors in rows of dots.
  lib: 11460,
  core: 3750,
  function: 60,
  flatNames: 56,
  namesInNamespaces: 47,
  repeatedLines: 5,
};

/** Files of lib/ without a test file of their name, with the reason. */
const untested: Readonly<Record<string, readonly string[]>> = {
  'they only pass on what other files export': ['index.ts', 'engine/index.ts', 'metrics/index.ts'],
  'layers/index.test.ts tests each layer beside tfjs': [
    'engine/layers/activation.ts',
    'engine/layers/batchNormalization.ts',
    'engine/layers/bias.ts',
    'engine/layers/convolution.ts',
    'engine/layers/dense.ts',
    'engine/layers/dropout.ts',
    'engine/layers/flatten.ts',
    'engine/layers/kind.ts',
    'engine/layers/merge.ts',
    'engine/layers/pooling.ts',
    'engine/layers/zeroPadding.ts',
  ],
  'training.test.ts tests all parts of a step together, beside tfjs and Keras': [
    'engine/crossEntropy.ts',
    'engine/network.ts',
    'engine/optimizers/adam.ts',
    'engine/optimizers/index.ts',
    'engine/optimizers/optimizer.ts',
    'engine/optimizers/state.ts',
    'engine/pass.ts',
    'engine/penalty.ts',
    'engine/plan.ts',
    'engine/protobuf.ts',
    'engine/step.ts',
    'engine/variables.ts',
  ],
  'options.test.ts tests them beside Keras': [
    'engine/optimizers/gradientDescent.ts',
    'engine/weightAverages.ts',
    'engine/weightDecay.ts',
  ],
  'prepare.test.ts and readFile.test.ts test the steps of a preparation together': [
    'picture/ink.ts',
    'picture/normalize.ts',
    'picture/pictureError.ts',
    'picture/plane.ts',
    'picture/tones.ts',
  ],
  'the four figures with curves draw with it': ['report/epochs.ts'],
};

const files = readLibrary();
const inCore = files.filter(({ isCore }) => isCore);

it('lib/ stays small', () => {
  atMost(countLines(files), limits.lib, 'lines of lib/');
});

it('the core stays small enough to be read in half an hour', () => {
  atMost(countLines(inCore), limits.core, 'lines of the core');
});

it('no function of the core is longer than a screen', () => {
  const long = inCore.flatMap(({ file, functions }) =>
    functions
      .filter(({ lines }) => lines > limits.function)
      .map(({ name, lines }) => `${name} (lib/${file}) has ${lines} lines`),
  );
  assert.deepEqual(long, []);
});

it('the door stays narrow', () => {
  const { flat, inNamespaces } = readDoor();
  assert.ok(flat.includes('train') && inNamespaces.includes('metrics.accuracy'));
  atMost(flat.length, limits.flatNames, 'names at the door');
  atMost(inNamespaces.length, limits.namesInNamespaces, 'names in namespaces');
});

it('nothing stands twice in lib/', () => {
  assert.deepEqual(repetitions(files), []);
});

it('every file of lib/ has a test file of its name', () => {
  const lacking = files
    .map(({ file }) => file)
    .filter((file) => !existsSync(path.join(__dirname, file.replace(/\.ts$/, '.test.ts'))));
  assert.deepEqual(lacking, Object.values(untested).flat().sort());
});

it("the README's map tells the lines of each room, a fifth more or less", () => {
  const readme = readFileSync(path.join(__dirname, '..', 'README.md'), 'utf8');
  const told = [...readme.matchAll(/^ {2}([\w.]+)\/? .*\? +about +([\d,]+)/gm)];
  const rooms = new Set(files.map(({ room }) => room).filter((room) => room !== 'index.ts'));
  assert.deepEqual(new Set(told.map(([, room]) => room)), rooms);
  for (const [, room, about] of told) {
    const lines = countLines(files.filter((it) => it.room === room));
    const share = Number(about.replace(',', '')) / lines;
    assert.ok(share > 0.8 && share < 1.2, `${room} has ${lines} lines, the README says ${about}`);
  }
});

function atMost(count: number, limit: number, what: string): void {
  assert.ok(count <= limit, `${count} ${what}; expected at most ${limit}`);
}

/** Places where more lines of code than allowed stand that stand elsewhere, too; imports do not count. */
function repetitions(sources: readonly SourceFile[]): string[] {
  const size = limits.repeatedLines + 1;
  const places = new Map<string, string>();
  const found: string[] = [];
  for (const { file, lines } of sources) {
    const code = lines.filter(({ isImport }) => !isImport);
    for (let at = 0; at + size <= code.length; at++) {
      const run = code.slice(at, at + size);
      const text = run.map((line) => line.text).join('\n');
      const place = `lib/${file}:${run[0].number}`;
      const earlier = places.get(text);
      if (earlier) found.push(`${earlier} again at ${place}`);
      else places.set(text, place);
    }
  }
  return found;
}
