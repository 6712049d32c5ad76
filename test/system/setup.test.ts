import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { unexecutedNotebook } from '../fixtures';

const root = path.join(__dirname, '..', '..');
const setupFolder = path.join(root, 'setup');
let folder: string;

describe('setup', () => {
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'setup-test-'));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it('setup.mjs finds everything up to date in under 2 seconds', () => {
    const runs = [0, 1].map(() => {
      const start = performance.now();
      return { ...runScript('setup.mjs'), seconds: (performance.now() - start) / 1000 };
    });
    for (const { status, stdout } of runs) {
      assert.equal(status, 0);
      assert.equal(stdout.match(/ up to date/g)?.length, 7, stdout);
    }
    const best = Math.min(...runs.map((run) => run.seconds));
    assert.ok(best < 2, `the faster of two runs took ${best.toFixed(2)} s`);
  });

  it('setup.mjs restores a deleted output and leaves the rest', () => {
    const kernel = path.join(root, '.venv', 'share', 'jupyter', 'kernels', 'tslab', 'kernel.json');
    const before = fs.readFileSync(kernel, 'utf8');
    fs.rmSync(kernel);
    const { status, stdout } = runScript('setup.mjs');
    assert.equal(status, 0);
    assert.equal(fs.readFileSync(kernel, 'utf8'), before);
    assert.equal(stdout.match(/ up to date/g)?.length, 6, stdout);
  });

  it('setup.mjs, start.mjs and notebooks.mjs name the Node they need when it is too old', () => {
    const oldNode = path.join(folder, 'old-node.cjs');
    fs.writeFileSync(
      oldNode,
      `Object.defineProperty(process.versions, 'node', { value: '18.20.8' })`,
    );
    for (const script of ['setup.mjs', 'start.mjs', 'notebooks.mjs']) {
      const { status, stdout, stderr } = runNode([
        '--require',
        oldNode,
        path.join(setupFolder, script),
      ]);
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^Error: Node 18\.20\.8 is too old; expected 20\.19 or later\. Install .*\n$/,
      );
    }
  });

  it('setup.mjs says what to install where there is no Python', () => {
    assert.match(setUpWithPython(undefined), /; found: no python3\. Install it .* python3-venv/);
  });

  it('setup.mjs says what to install where Python is too old', () => {
    const python = { version: '3.9.18', program: 'python3', missing: '' };
    assert.match(setUpWithPython(python), /; found: python3 is 3\.9\.18\. Install it /);
  });

  it('setup.mjs says what to install where Python has no venv module', () => {
    const python = { version: '3.12.3', program: 'python3', missing: 'ensurepip' };
    assert.match(
      setUpWithPython(python),
      /; found: python3 \(3\.12\.3\) has no ensurepip module\. Install it .*apt-get install python3-venv/,
    );
  });

  it('installTensorFlow(project) says what to install where neither compiler nor download is', () => {
    const tfjs = writePackage('@tensorflow/tfjs-node-gpu');
    const builder = writePackage('@mapbox/node-pre-gyp');
    writeFile(path.join(tfjs, 'scripts', 'install.js'), `throw new Error('getaddrinfo ENOTFOUND')`);
    writeFile(path.join(builder, 'bin', 'node-pre-gyp'), '');
    const project = {
      root: folder,
      native: folder,
      log: path.join(folder, 'log'),
      isRepository: true,
    };
    const { status, stderr } = runModule(
      `import { installTensorFlow } from '${setupUrl('addon.mjs')}';
     import { fail } from '${setupUrl('commands.mjs')}';
     await installTensorFlow(${JSON.stringify(project)}).catch(fail);`,
    );
    assert.equal(status, 1);
    const [error, ...log] = stderr.trimEnd().split('\n');
    assert.match(
      error,
      /^Error: TensorFlow has no addon for Node: there is no C\+\+ compiler .* apt-get install g\+\+ make/,
    );
    assert.ok(log.some((line) => line.includes('| Error: getaddrinfo ENOTFOUND')));
  });

  it('notebooks.mjs stops at a throwing cell, shows it and leaves the notebook as it was', () => {
    const notebook = writeNotebook(['const digit = 7;', 'throw new Error(`no ${digit} here`);']);
    const before = fs.readFileSync(notebook);
    const { status, stderr } = runScript('notebooks.mjs', notebook);
    assert.equal(status, 1);
    assert.match(stderr, /This cell failed:\n {4}throw new Error\(`no \$\{digit\} here`\);/);
    assert.match(stderr, /Error: no 7 here/);
    assert.deepEqual(fs.readFileSync(notebook), before);
    assert.deepEqual(fs.readdirSync(folder), [path.basename(notebook)]);
  });

  it('notebooks.mjs --quick executes into a temporary folder, without paths of this machine', () => {
    const notebook = writeNotebook([
      'import * as fs from "fs";',
      'fs.writeFileSync(`${process.env.RESULTS_DIR}/metrics.json`, process.env.QUICK);',
      `console.log('${root}/lib', process.env.RESULTS_DIR);`,
    ]);
    const before = fs.readFileSync(notebook);
    const { status, stdout } = runScript('notebooks.mjs', notebook, '--quick');
    assert.equal(status, 0);
    assert.deepEqual(fs.readFileSync(notebook), before);
    const made = /is in (.*)\n$/.exec(stdout)?.[1] ?? '';
    const { cells } = JSON.parse(fs.readFileSync(path.join(made, 'trial.ipynb'), 'utf8'));
    assert.deepEqual(cells[2].outputs[0].text, ['./lib ./results/trial\n']);
    assert.deepEqual(cells[2].metadata, {});
    assert.equal(cells[2].id, 'cell-2');
    assert.equal(fs.readFileSync(path.join(made, 'trial', 'metrics.json'), 'utf8'), '1');
    fs.rmSync(made, { recursive: true });
  });

  it('notebooks.mjs does not replace a notebook that was saved while it ran', () => {
    const notebook = path.join(folder, 'trial.ipynb');
    const saved = unexecutedNotebook(['1', '2']);
    writeNotebook([
      'import * as fs from "fs";',
      `fs.writeFileSync(${JSON.stringify(notebook)}, ${JSON.stringify(saved)});`,
    ]);
    const { status, stderr } = runScript('notebooks.mjs', notebook);
    assert.equal(status, 1);
    assert.match(stderr, /trial\.ipynb was changed while it was executed\. All there is as it was/);
    assert.equal(fs.readFileSync(notebook, 'utf8'), saved);
    const made = /what the run made is in (.*)$/m.exec(stderr)?.[1] ?? '';
    assert.ok(fs.existsSync(path.join(made, 'trial.ipynb')));
    fs.rmSync(made, { recursive: true });
  });

  it('replaceResults writes only what the run made, or nothing', () => {
    const place = (file: string) => path.join(folder, file);
    const replace = () =>
      runModule(
        `import { replaceResults } from '${setupUrl('execution.mjs')}';
         const place = (file) => ${JSON.stringify(folder)} + '/' + file;
         replaceResults(place('a.ipynb'), place('new/a.ipynb'), place('new/a'), place('results/a'));`,
      );
    writeFile(place('a.ipynb'), 'old');
    writeFile(place('results/a/notes.txt'), 'mine');
    writeFile(place('results/a/model/notes.txt'), 'mine too');
    writeFile(place('results/a/metrics.json'), 'old');
    writeFile(place('new/a.ipynb'), 'new');
    writeFile(place('new/a/metrics.json'), 'new');
    writeFile(place('new/a/model/model.json'), 'new');
    fs.mkdirSync(place('results/a/z.png'));
    writeFile(place('new/a/z.png'), 'new');
    const read = (file: string) => fs.readFileSync(place(file), 'utf8');

    const { status, stderr } = replace();
    assert.equal(status, 1);
    assert.match(stderr, /z\.png is a folder; a file belongs there\. All there is as it was/);
    assert.deepEqual([read('a.ipynb'), read('results/a/metrics.json')], ['old', 'old']);
    assert.deepEqual([read('new/a.ipynb'), read('new/a/metrics.json')], ['new', 'new']);

    fs.rmdirSync(place('results/a/z.png'));
    assert.equal(replace().status, 0);
    assert.deepEqual([read('a.ipynb'), read('results/a/metrics.json')], ['new', 'new']);
    assert.equal(read('results/a/model/model.json'), 'new');
    assert.equal(read('results/a/notes.txt') + read('results/a/model/notes.txt'), 'minemine too');
  });

  it('notebooks.mjs ends on Ctrl-C with 130, without a kernel or a changed notebook', async () => {
    const pidFile = path.join(folder, 'pid');
    const notebook = writeNotebook([
      'import * as fs from "fs";',
      `fs.writeFileSync('${pidFile}', String(process.pid));`,
      'await new Promise((resolve) => setTimeout(resolve, 600_000));',
    ]);
    const before = fs.readFileSync(notebook);
    const script = path.join(setupFolder, 'notebooks.mjs');
    const run = spawn(process.execPath, [script, notebook], { stdio: 'ignore', timeout: 120_000 });
    const ended = new Promise((resolve) => run.on('close', resolve));
    const waiting = setInterval(() => fs.existsSync(pidFile) && run.kill('SIGINT'), 100);
    const code = await ended;
    clearInterval(waiting);
    assert.equal(code, 130);
    assert.deepEqual(fs.readFileSync(notebook), before);
    assert.throws(() => process.kill(Number(fs.readFileSync(pidFile)), 0), { code: 'ESRCH' });
  });
});

/** Runs a script of setup/ in the repository. */
function runScript(name: string, ...args: string[]) {
  return runNode([path.join(setupFolder, name), ...args]);
}

function runModule(source: string) {
  return runNode(['--input-type=module', '--eval', source], { PATH: folder });
}

function runNode(args: string[], env: NodeJS.ProcessEnv = {}, cwd = root) {
  return spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 300_000,
  });
}

function setupUrl(file: string): string {
  return pathToFileURL(path.join(setupFolder, file)).href;
}

/** Runs set-up as an installed package, with only this Python (what it says of itself) on PATH. */
function setUpWithPython(python?: object): string {
  const installed = path.join(folder, 'node_modules', 'digit-recognizer-setup');
  fs.cpSync(setupFolder, installed, { recursive: true });
  const programs = path.join(folder, 'programs');
  fs.mkdirSync(programs);
  if (python) {
    writeFile(
      path.join(programs, 'python3'),
      `#!/bin/sh\necho '${JSON.stringify(python)}'\n`,
      0o755,
    );
  }
  const script = path.join(installed, 'setup.mjs');
  const { status, stderr } = runNode([script], { PATH: programs }, folder);
  assert.equal(status, 1);
  assert.match(stderr, /^Error: Python 3\.10 to 3\.13 with its venv module is needed; [^\n]*\n$/);
  return stderr;
}

function writePackage(name: string): string {
  const packageFolder = path.join(folder, 'node_modules', name);
  writeFile(path.join(packageFolder, 'package.json'), JSON.stringify({ name, version: '4.22.0' }));
  return packageFolder;
}

function writeNotebook(sources: string[]): string {
  const notebook = path.join(folder, 'trial.ipynb');
  writeFile(notebook, unexecutedNotebook(sources));
  return notebook;
}

function writeFile(file: string, content: string, mode = 0o644) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content, { mode });
}
