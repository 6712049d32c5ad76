import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readLibrary } from '../../scripts/countLines';

const root = path.resolve(__dirname, '..', '..');

/** What README.md tells a user to do in the clone. */
const making = 'npm run new -- ../my-notebooks';

let parent: string;
let folder: string;

// Only in a suite do the hooks run around these tests, and not around those of every file.
describe('the packed library', () => {
  before(() => {
    parent = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-')));
    folder = path.join(parent, 'my own nötes');
  });

  after(() => rmSync(parent, { recursive: true, force: true }));

  it('README.md says what these tests do, and shows the first notebook', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    const notebook = readFileSync(path.join(root, 'setup', 'template', 'first-network.ipynb'));
    const { cells } = JSON.parse(notebook.toString()) as { cells: Cell[] };
    const code = cells
      .filter((cell) => cell.cell_type === 'code')
      .map(({ source }) => join(source));
    for (const part of [making, 'npm start', code.join('\n\n')]) {
      assert.ok(readme.includes(part), part);
    }
  });

  it('npm run new puts what is needed into a folder beside where it was called, and its set-up', () => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'my notes.txt'), 'mine');
    run(`npm --prefix '${root}' run new -- './my own nötes'`, parent);

    const compiled = readLibrary()
      .map(({ file }) => path.join('dist', file.replace(/\.ts$/, '')))
      .flatMap((file) => [`${file}.js`, `${file}.d.ts`]);
    assert.deepEqual(
      installed('digit-recognizer'),
      [...compiled, 'LICENSE', 'package.json', path.join('engine', 'README.md')].sort(),
    );

    const settings = readdirSync(path.join(root, 'setup')).filter((file) =>
      /^LICENSE$|(?<!^new|^notebook-folder|^environment)\.(mjs|py)$|\.(json|txt)$/.test(file),
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

  it('nothing in the folder leads back to the repository', () => {
    const files = [
      'package.json',
      'package-lock.json',
      '.venv/share/jupyter/kernels/tslab/kernel.json',
    ];
    for (const file of files) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      assert.ok(!text.includes(`${root}/`), file);
    }
    for (const name of ['digit-recognizer', 'digit-recognizer-setup', '@tensorflow/tfjs-node']) {
      const place = path.join(folder, 'node_modules', name);
      assert.equal(realpathSync(place), place);
    }
  });

  it('the example of the engine’s README compiles and runs there, through the second door', () => {
    const readme = path.join(folder, 'node_modules', 'digit-recognizer', 'engine', 'README.md');
    const [, example] = /```ts\n([^]+?)```/.exec(readFileSync(readme, 'utf8')) ?? [];
    assert.match(example, /from 'digit-recognizer\/engine'/);
    const imports = /^import .+$/gm;
    const body = `void (async () => {${example.replace(imports, '')}})();`;
    writeFileSync(
      path.join(folder, 'example.ts'),
      [...(example.match(imports) ?? []), body].join('\n'),
    );
    // As tslab resolves types.
    const options = '--strict --skipLibCheck --target es2022 --module commonjs';
    const compiler = `node '${require.resolve('typescript/bin/tsc')}' --moduleResolution node10`;
    run(`${compiler} ${options} example.ts`, folder);
    assert.match(run('node example.js', folder), /^19 0\.\d+ 1$/m);
  });

  it('the first notebook runs in the kernel there', () => {
    const converter = path.join('node_modules', 'tslab', 'dist', 'converter.js');
    const mended = readFileSync(path.join(root, converter), 'utf8');
    assert.equal(readFileSync(path.join(folder, converter), 'utf8'), mended);
    const notebook = path.join(folder, 'first-network.ipynb');
    run('.venv/bin/jupyter execute --inplace first-network.ipynb', folder);

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

  it('npm start there goes on to JupyterLab', () => {
    assert.match(run('npm start -- --version', folder), /^4\.\d+\.\d+$/m);
  });

  it('npm run new once more updates what is ours and leaves what is the user’s', () => {
    const file = (name: string) => path.join(folder, name);
    const notebook = readFileSync(file('first-network.ipynb'));
    const own = {
      ...JSON.parse(readFileSync(file('package.json'), 'utf8')),
      name: 'my-notes',
      scripts: { start: 'echo mine' },
    };
    // A package that the user added, and the library of an earlier day.
    mkdirSync(file('helper'));
    writeFileSync(file('helper/package.json'), '{"name": "helper", "version": "1.0.0"}');
    const { dependencies } = own;
    const library = dependencies['digit-recognizer'];
    dependencies['helper'] = 'file:helper';
    dependencies['digit-recognizer'] = 'file:.digit-recognizer/digit-recognizer-1.0.0-old.tgz';
    renameSync(
      file(library.slice('file:'.length)),
      file('.digit-recognizer/digit-recognizer-1.0.0-old.tgz'),
    );
    writeFileSync(file('package.json'), JSON.stringify(own));
    const record = JSON.parse(readFileSync(file('.digit-recognizer/written.json'), 'utf8'));
    record.packages.push('digit-recognizer-1.0.0-old.tgz');
    // Ours as an earlier version wrote it, the user's, and one that the user does not want.
    writeFileSync(file('README.md'), 'earlier');
    record.files['README.md'] = createHash('sha256').update('earlier\0').digest('hex');
    writeFileSync(file('.npmrc'), 'ignore-scripts=true\nmine=1\n');
    rmSync(file('.gitignore'));
    writeFileSync(file('.digit-recognizer/written.json'), JSON.stringify(record));

    const printed = run(`npm run new -- '${folder}'`, root);
    assert.match(printed, /README\.md written; yours, left as they are: .*\.gitignore/);

    const updated = JSON.parse(readFileSync(file('package.json'), 'utf8'));
    assert.deepEqual(updated, {
      ...own,
      dependencies: { ...dependencies, 'digit-recognizer': library },
    });
    assert.ok(existsSync(file('node_modules/helper/package.json')));
    assert.ok(!existsSync(file('.digit-recognizer/digit-recognizer-1.0.0-old.tgz')));
    assert.ok(existsSync(file(library.slice('file:'.length))));
    assert.match(readFileSync(file('README.md'), 'utf8'), /^# My notebooks/);
    assert.deepEqual(readFileSync(file('first-network.ipynb')), notebook);
    assert.equal(readFileSync(file('.npmrc'), 'utf8'), 'ignore-scripts=true\nmine=1\n');
    assert.ok(!existsSync(file('.gitignore')));
    assert.equal(readFileSync(file('my notes.txt'), 'utf8'), 'mine');
  });
});

interface Cell {
  readonly cell_type: string;
  readonly source: Lines;
  readonly outputs: readonly Output[];
}
interface Output {
  readonly name?: string;
  readonly text?: Lines;
  readonly data?: Readonly<Record<string, Lines>>;
}
type Lines = string | readonly string[];

/** Runs a command as a user types it; when it fails, the error has what it printed. */
function run(command: string, folder: string): string {
  const options = { cwd: folder, env: userEnvironment(), stdio: 'pipe', timeout: 600_000 } as const;
  return execFileSync('sh', ['-c', command], { ...options, encoding: 'utf8' });
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

/** The last output of each cell of code, none of which wrote to stderr. */
function lastOutputsOf(file: string): Output[] {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as { cells: Cell[] };
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code');
  return code.map(({ outputs }) => {
    for (const { name, text } of outputs) assert.notEqual(name, 'stderr', join(text));
    return outputs[outputs.length - 1];
  });
}

function join(lines: Lines | undefined): string {
  return typeof lines === 'string' ? lines : (lines ?? []).join('');
}
