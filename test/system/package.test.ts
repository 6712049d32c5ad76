import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unexecutedNotebook } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');

/** What README.md tells a user to do, in the clone and then in a folder of their own. */
const packing = 'npm pack ./lib ./setup ./setup/tfjs-node --pack-destination';
const packageJson = `{
  "private": true,
  "dependencies": {
    "@tensorflow/tfjs-node": "file:tensorflow-tfjs-node-4.22.0.tgz",
    "digit-recognizer": "file:digit-recognizer-1.0.0.tgz",
    "digit-recognizer-setup": "file:digit-recognizer-setup-1.0.0.tgz",
    "tslab": "1.0.22"
  },
  "overrides": {
    "@tensorflow/tfjs-node": "$@tensorflow/tfjs-node",
    "xlsx": "npm:@e965/xlsx@^0.20.3"
  }
}`;
const installing = ['npm install --ignore-scripts', 'npx digit-recognizer-setup'];
const cells = [
  `import { buildSimpleCnn, loadDigits, train } from 'digit-recognizer';
import { layerTable, show, showProgress, trainingCurves } from 'digit-recognizer';

// The 10,000 digits that the library carries; without \`mirrors: []\` it downloads the full MNIST.
const digits = await loadDigits({ limit: 1000, mirrors: [] });
digits.source;`,
  `const network = buildSimpleCnn({ filters: [8, 16], denseUnits: 32 });
await show(layerTable(network), { caption: 'A small network' });`,
  `const history = await train(network, digits.train, digits.validation, {
  epochs: 2,
  onProgress: showProgress('A small network'),
});`,
  `await show(trainingCurves(history, 'A small network'), { file: 'curves.png' });`,
];

let folder: string;

// Only in a suite do the hooks run around these tests, and not around those of every file.
describe('the packed library', () => {
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('README.md says what these tests do', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    for (const part of [packing, packageJson, ...installing, cells.join('\n\n')]) {
      assert.ok(readme.includes(part), part);
    }
  });

  it('npm pack and npm install put what is needed into an empty folder, and nothing else', () => {
    run(`${packing} ${folder}`, root);
    writeFileSync(path.join(folder, 'package.json'), packageJson);
    run(installing[0], folder);

    const sources = ['.', 'fused']
      .flatMap((part) =>
        readdirSync(path.join(root, 'lib', part)).map((file) => path.join(part, file)),
      )
      .filter((file) => file.endsWith('.ts'));
    const compiled = sources
      .map((file) => path.join('dist', file.replace(/\.ts$/, '')))
      .flatMap((file) => [`${file}.js`, `${file}.d.ts`]);
    assert.deepEqual(
      installed('digit-recognizer'),
      [...compiled, 'LICENSE', 'package.json'].sort(),
    );

    const settings = readdirSync(path.join(root, 'setup')).filter((file) =>
      /^LICENSE$|\.(mjs|py|json|txt)$/.test(file),
    );
    assert.deepEqual(installed('digit-recognizer-setup'), settings.sort());
  });

  it('the packed files hold no path of the machine that made them', () => {
    for (const name of ['digit-recognizer', 'digit-recognizer-setup']) {
      for (const file of installed(name)) {
        const text = readFileSync(path.join(folder, 'node_modules', name, file), 'utf8');
        for (const place of [root, os.homedir()].filter((place) => place.length > 1)) {
          assert.ok(!new RegExp(`${place}(?=[/"'\\s])`).test(text), `${place} in ${name}/${file}`);
        }
      }
    }
  });

  it('npx digit-recognizer-setup and the kernel in .venv run a notebook there', () => {
    run(installing[1], folder);
    const converter = path.join('node_modules', 'tslab', 'dist', 'converter.js');
    const mended = readFileSync(path.join(root, converter), 'utf8');
    assert.equal(readFileSync(path.join(folder, converter), 'utf8'), mended);
    const notebook = path.join(folder, 'own.ipynb');
    writeFileSync(notebook, unexecutedNotebook(cells));
    run('.venv/bin/jupyter execute --inplace own.ipynb', folder);

    const [source, table, training, figure] = lastOutputsOf(notebook);
    assert.match(join(source.text), /sample of 10,000, not the full MNIST/);
    assert.match(join(table.data?.['text/html']), /<table[\s\S]*A small network[\s\S]*14,410/);
    assert.match(
      join(training.data?.['text/plain']),
      /A small network: 2 epochs in .* validation accuracy/,
    );
    assert.ok(figure.data?.['application/vnd.plotly.v1+json']);
    const png = Buffer.from(join(figure.data['image/png']), 'base64');
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.ok(png.length > 4_000);
    assert.equal(readFileSync(path.join(folder, 'curves.png')).subarray(1, 4).toString(), 'PNG');
  });
});

interface Output {
  readonly name?: string;
  readonly text?: Lines;
  readonly data?: Readonly<Record<string, Lines>>;
}
type Lines = string | readonly string[];

/** Runs a command as a user types it; when it fails, the error has what it printed. */
function run(command: string, folder: string): void {
  execFileSync('sh', ['-c', command], {
    cwd: folder,
    env: userEnvironment(),
    stdio: 'pipe',
    timeout: 600_000,
  });
}

/** The environment of a user who did not start `npm test` in this repository. */
function userEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  const ofNpmTest =
    /^(npm_(package|lifecycle)_|npm_command$|npm_config_(local_prefix|ignore_scripts)$|INIT_CWD$)/;
  for (const name of Object.keys(env)) {
    if (ofNpmTest.test(name)) delete env[name];
  }
  delete env.MNIST_DIR;
  // Jupyter's own files, too, stay in the folder.
  return {
    ...env,
    JUPYTER_DATA_DIR: path.join(folder, '.jupyter'),
    JUPYTER_CONFIG_DIR: path.join(folder, '.jupyter'),
  };
}

/** The files of an installed package, sorted. */
function installed(name: string): string[] {
  const place = path.join(folder, 'node_modules', name);
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(place, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** The last output of each cell, none of which wrote to stderr. */
function lastOutputsOf(file: string): Output[] {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as { cells: { outputs: Output[] }[] };
  return notebook.cells.map(({ outputs }) => {
    for (const { name, text } of outputs) assert.notEqual(name, 'stderr', join(text));
    return outputs[outputs.length - 1];
  });
}

function join(lines: Lines | undefined): string {
  return typeof lines === 'string' ? lines : (lines ?? []).join('');
}
