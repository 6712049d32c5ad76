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
      assert.equal(stdout.match(/ up to date/g)?.length, 8, stdout);
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
    assert.equal(stdout.match(/ up to date/g)?.length, 7, stdout);
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

  it('setup.mjs refuses a .venv that it did not make, and leaves it as it is', () => {
    const venv = path.join(folder, '.venv');
    const refusal = (what: RegExp) => {
      const { status, stderr } = runModule(
        `import { requireOwnEnvironment } from '${setupUrl('python.mjs')}';
         import { fail } from '${setupUrl('commands.mjs')}';
         try { requireOwnEnvironment(${JSON.stringify(venv)}) } catch (error) { fail(error) }`,
      );
      assert.equal(status, 1);
      assert.match(stderr, what);
      assert.match(stderr, /^Error: [^\n]*rename or remove it and run this again\.\n$/);
    };
    writeFile(path.join(venv, 'bin', 'python'), 'mine');
    refusal(/was not made by this set-up/);
    assert.equal(fs.readFileSync(path.join(venv, 'bin', 'python'), 'utf8'), 'mine');
    fs.rmSync(venv, { recursive: true });
    fs.symlinkSync('nowhere', venv);
    refusal(/is a link that leads to no folder/);
    fs.rmSync(venv);
    writeFile(venv, 'mine');
    refusal(/is not a folder/);
  });

  it('setup.mjs keeps a .venv with packages that somebody added, and a link to it', () => {
    const disk = path.join(folder, 'disk');
    const packages = path.join('lib', 'python3.11', 'site-packages');
    const ours = path.join(packages, 'plotly-7.1.0.dist-info');
    for (const place of ['bin', 'share/jupyter/lab', 'share/jupyter/kernels', packages, ours]) {
      fs.mkdirSync(path.join(disk, place), { recursive: true });
    }
    const replace = (outputs: string[]) => {
      writeFile(path.join(disk, 'setup.json'), JSON.stringify({ inputs: 'old', outputs }));
      return runModule(
        `import { installPythonPackages } from '${setupUrl('python.mjs')}';
         const project = ${JSON.stringify(testProject())};
         await installPythonPackages({ ...project, basePython: '/bin/false' }).catch(() => {});`,
      );
    };
    fs.symlinkSync('disk', path.join(folder, '.venv'));
    fs.mkdirSync(path.join(disk, packages, 'pandas-3.0.0.dist-info'));
    assert.equal(replace([ours]).status, 0);
    assert.ok(fs.existsSync(path.join(folder, 'disk-old-1', packages, 'pandas-3.0.0.dist-info')));
    assert.deepEqual(fs.readdirSync(disk), ['setup.json']);

    for (const place of ['bin', 'share/jupyter/lab', 'share/jupyter/kernels', ours]) {
      fs.mkdirSync(path.join(disk, place), { recursive: true });
    }
    assert.equal(replace([ours]).status, 0);
    assert.deepEqual(fs.readdirSync(disk), ['setup.json']);
    assert.ok(!fs.existsSync(path.join(folder, 'disk-old-2')));
    assert.ok(fs.lstatSync(path.join(folder, '.venv')).isSymbolicLink());
  });

  it("pip obeys a user's index and proxy, and none of the settings for their own Python", () => {
    const home = path.join(folder, 'home');
    const config = path.join(home, 'pip.conf');
    writeFile(
      config,
      `[global]\nuser = true\nquiet = 2\nindex-url = https://global.example/simple\n` +
        `proxy = http://proxy.example:1\n[install]\ntarget = ${home}/target\n` +
        'index-url = https://install.example/simple\n',
    );
    // The smallest wheel there is: one module, whose only-binary form no setting may forbid.
    const wheel = path.join(folder, 'trial-1-py3-none-any.whl');
    const info = 'trial-1.dist-info';
    const files = {
      'trial.py': '',
      [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: trial\nVersion: 1\n',
      [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      [`${info}/RECORD`]: '',
    };
    const zip =
      'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as archive:\n' +
      '  for name, text in json.loads(sys.argv[2]).items(): archive.writestr(name, text)';
    const python = path.join(root, '.venv', 'bin', 'python');
    spawnSync(python, ['-c', zip, wheel, JSON.stringify(files)]);
    spawnSync(python, ['-m', 'venv', path.join(folder, '.venv')]);
    const settings = {
      PIP_CONFIG_FILE: config,
      PIP_TARGET: path.join(home, 'target'),
      PIP_PREFIX: path.join(home, 'prefix'),
      PIP_NO_BINARY: ':all:',
      PIP_CONSTRAINT: path.join(home, 'missing'),
      PIP_DRY_RUN: '1',
      PIP_TRUSTED_HOST: 'trusted.example',
      PYTHONHOME: home,
      PYTHONPATH: home,
      PYTHONWARNINGS: 'error',
    };
    const { stdout, stderr } = runModule(
      `import { spawnSync } from 'node:child_process';
       import { pipEnvironment } from '${setupUrl('python.mjs')}';
       const project = ${JSON.stringify(testProject())};
       const env = pipEnvironment(project);
       const args = ['-m', 'pip', 'install', '--no-index', '--only-binary=:all:', ${JSON.stringify(wheel)}];
       const { stderr } = spawnSync(project.python, args, { env, encoding: 'utf8' });
       console.log(JSON.stringify([env, stderr]));`,
      settings,
    );
    assert.equal(stderr, '');
    const [env, pipError] = JSON.parse(stdout) as [NodeJS.ProcessEnv, string];
    assert.equal(env.PIP_INDEX_URL, 'https://install.example/simple');
    assert.equal(env.PIP_PROXY, 'http://proxy.example:1');
    assert.equal(env.PIP_TRUSTED_HOST, 'trusted.example');
    assert.equal(env.PIP_USER ?? env.PIP_TARGET ?? env.PYTHONHOME ?? env.PIP_DRY_RUN, undefined);
    const installed = fs
      .readdirSync(path.join(folder, '.venv', 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((file) => path.basename(file) === 'trial.py');
    assert.equal(installed.length, 1, pipError);
    assert.deepEqual(fs.readdirSync(home), ['pip.conf']);
  });

  it('npm installs all packages here, whatever a user set for npm elsewhere', () => {
    const home = path.join(folder, 'home');
    const project = path.join(folder, 'project');
    writeFile(
      path.join(home, '.npmrc'),
      'global=true\nomit[]=dev\npackage-lock=false\nbin-links=false\ndry-run=true\n' +
        'install-strategy=linked\nworkspaces=false\nignore-scripts=false\nloglevel=silent\n' +
        `prefix=${home}/prefix\n`,
    );
    const manifests = {
      '': { name: 'root', version: '1.0.0', private: true, workspaces: ['part'] },
      part: { name: 'part', version: '1.0.0', bin: 'part.js', scripts: { install: 'exit 1' } },
    };
    for (const [place, manifest] of Object.entries(manifests)) {
      writeFile(path.join(project, place, 'package.json'), JSON.stringify(manifest));
    }
    writeFile(path.join(project, 'part', 'part.js'), '');
    const lock = {
      name: 'root',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        ...manifests,
        'node_modules/part': { resolved: 'part', link: true },
      },
    };
    writeFile(path.join(project, 'package-lock.json'), JSON.stringify(lock));
    writeFile(path.join(project, '.npmrc'), '');
    const { stderr, stdout } = runModule(
      `import { installPackages } from '${setupUrl('packages.mjs')}';
       import { fail } from '${setupUrl('commands.mjs')}';
       const project = { root: ${JSON.stringify(project)}, log: ${JSON.stringify(path.join(folder, 'log'))} };
       try { console.log(await installPackages(project)) } catch (error) { fail(error) }`,
      {
        HOME: home,
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        NODE_OPTIONS: '--throw-deprecation',
        npm_config_userconfig: undefined,
      },
    );
    assert.equal(stderr, '');
    assert.equal(stdout, '1 installed\n');
    assert.ok(fs.existsSync(path.join(project, 'node_modules', '.bin', 'part')));
    assert.ok(!fs.existsSync(path.join(home, 'prefix')));
  });

  it("the addon's build sees no flags and targets of a user's other builds", () => {
    const settings = {
      CXXFLAGS: '-Werror',
      LDFLAGS: '-lnone',
      MAKEFLAGS: '-n',
      npm_config_runtime: 'electron',
      npm_config_target: '33.0.0',
      CXX: 'clang++',
      npm_config_https_proxy: 'http://proxy.example:1',
    };
    const { stdout } = runModule(
      `import { builderEnvironment } from '${setupUrl('addon.mjs')}';
       const env = builderEnvironment();
       console.log(Object.keys(${JSON.stringify(settings)}).filter((name) => name in env).join());`,
      settings,
    );
    assert.equal(stdout, 'CXX,npm_config_https_proxy\n');
  });

  it('compiling lib keeps lib/dist in step with its sources, and leaves other files there', () => {
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    for (const file of ['tsconfig.json', 'lib/tsconfig.json', 'lib/package.json']) {
      writeFile(path.join(folder, file), fs.readFileSync(path.join(root, file), 'utf8'));
    }
    const source = (file: string) => path.join(folder, 'lib', file);
    writeFile(path.join(folder, 'package.json'), '{}');
    writeFile(source('engine/one.ts'), 'export const one = 1;');
    writeFile(source('two.ts'), 'export const two = 2;');
    const compile = () =>
      runModule(
        `import { compileLibrary } from '${setupUrl('library.mjs')}';
         import { fail } from '${setupUrl('commands.mjs')}';
         try { console.log(await compileLibrary(${JSON.stringify(testProject())})) }
         catch (error) { fail(error) }`,
      );
    const told = () => {
      const { stdout, stderr } = compile();
      assert.equal(stderr, '');
      return stdout.trim();
    };
    const dist = path.join(folder, 'lib', 'dist');
    const compiled = () => (fs.readdirSync(dist, { recursive: true }) as string[]).sort();
    const one = ['.tsbuildinfo', 'engine', 'engine/one.d.ts', 'engine/one.js'];
    assert.equal(told(), 'compiled');
    assert.deepEqual(compiled(), [...one, 'two.d.ts', 'two.js']);
    assert.equal(told(), 'up to date');

    // A folder takes the place of a file of its name.
    writeFile(path.join(dist, 'notes.txt'), 'mine');
    fs.rmSync(source('two.ts'));
    writeFile(source('two/index.ts'), 'export const two = 22;');
    assert.equal(told(), 'compiled');
    const two = ['two', 'two/index.d.ts', 'two/index.js'];
    assert.deepEqual(compiled(), [...one, 'notes.txt', ...two]);

    fs.rmSync(path.join(dist, 'engine', 'one.js'));
    assert.equal(told(), 'compiled');
    assert.deepEqual(compiled(), [...one, 'notes.txt', ...two]);

    const before = fs.readFileSync(path.join(dist, 'two', 'index.js'), 'utf8');
    writeFile(source('two/index.ts'), 'export const two: string = 3;');
    writeFile(source('three.ts'), 'export const three = 3;');
    fs.rmSync(source('engine/one.ts'));
    for (let run = 0; run < 2; run++) {
      const { stdout, stderr } = compile();
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^Error: lib does not compile: .+\n( {2}\| .*\n)*.*two\/index\.ts.+TS2322/,
      );
      assert.deepEqual(compiled(), [...one, 'notes.txt', ...two]);
      assert.equal(fs.readFileSync(path.join(dist, 'two', 'index.js'), 'utf8'), before);
    }

    writeFile(source('two/index.ts'), 'export const two = 4;');
    assert.equal(told(), 'compiled');
    assert.equal(told(), 'up to date');
    assert.match(fs.readFileSync(path.join(dist, 'two', 'index.js'), 'utf8'), /two = 4/);
    const three = ['three.d.ts', 'three.js'];
    assert.deepEqual(compiled(), ['.tsbuildinfo', 'engine', 'notes.txt', ...three, ...two]);
  });

  it('registering the kernel keeps what somebody added to its file', () => {
    writePackage('tslab');
    const file = path.join(folder, '.venv', 'share', 'jupyter', 'kernels', 'tslab', 'kernel.json');
    const env = { NODE_OPTIONS: '--max-old-space-size=8192' };
    writeFile(file, JSON.stringify({ argv: ['old'], display_name: 'Mine', env }));
    const { stdout } = runModule(
      `import { registerKernel } from '${setupUrl('jupyter.mjs')}';
       const project = ${JSON.stringify(testProject())};
       console.log(registerKernel(project), registerKernel(project));`,
    );
    assert.equal(stdout, 'registered in .venv/share/jupyter up to date\n');
    const kernel = JSON.parse(fs.readFileSync(file, 'utf8'));
    assert.deepEqual(
      [kernel.argv[0], kernel.display_name, kernel.language, kernel.env],
      [process.execPath, 'Mine', 'typescript', env],
    );
  });

  it('setup.mjs says in a sentence what is in the way of its folders', () => {
    const script = path.join(folder, 'node_modules', 'digit-recognizer-setup', 'setup.mjs');
    fs.cpSync(setupFolder, path.dirname(script), { recursive: true });
    writeFile(path.join(folder, '.native'), 'mine');
    const { status, stderr } = runNode([script], {}, folder);
    assert.equal(status, 1);
    assert.match(stderr, /^Error: .*\.native cannot be used \(EEXIST: [^\n]*\n$/);
  });

  it('new.mjs refuses what is not a folder of its own, before anything is touched', () => {
    const refused = (args: string[], message: RegExp) => {
      const { status, stderr } = runNode([path.join(setupFolder, 'new.mjs'), ...args], {
        INIT_CWD: folder,
      });
      assert.equal(status, 1);
      assert.match(stderr, message);
    };
    refused([], /^Error: expected one folder, found none\. Usage: npm run new -- /);
    refused(['one', 'two'], /^Error: expected one folder, found one two\. /);
    refused([root], /^Error: .* is inside this repository; /);
    fs.symlinkSync(root, path.join(folder, 'link'));
    refused(['link/data/mine'], /^Error: .*data\/mine is inside this repository; /);
    refused(['a:b'], /^Error: .*a:b has a colon in its path/);
    writeFile(path.join(folder, 'file'), 'mine');
    refused(['file/below'], /^Error: .*\/file is a file; expected a folder\. /);
    writeFile(path.join(folder, 'own', 'package.json'), '{}');
    refused(['own'], /^Error: .*own\/package\.json exists and is not from `npm run new`/);
    writeFile(path.join(folder, 'python', '.venv', 'mine'), '');
    refused(['python'], /^Error: .*python\/\.venv was not made by this set-up/);
    assert.deepEqual(fs.readdirSync(folder).sort(), ['file', 'link', 'own', 'python']);
    assert.deepEqual(fs.readdirSync(path.join(folder, 'own')), ['package.json']);
    assert.deepEqual(fs.readdirSync(path.join(folder, 'python')), ['.venv']);
  });

  it('installTensorFlow(project) says what to install where neither compiler nor download is', () => {
    const tfjs = writePackage('@tensorflow/tfjs-node-gpu');
    const builder = writePackage('@mapbox/node-pre-gyp');
    writeFile(path.join(tfjs, 'scripts', 'install.js'), `throw new Error('getaddrinfo ENOTFOUND')`);
    writeFile(path.join(builder, 'bin', 'node-pre-gyp'), '');
    const project = testProject();
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

  it('an exported page has the alternative texts of the reports, each picture its own', () => {
    const python = path.join(root, '.venv', 'bin', 'python');
    const report = path.join(root, 'notebooks', '01-three-models.ipynb');
    const { status, stdout } = spawnSync(
      python,
      ['-m', 'nbconvert', '--to', 'html', '--stdout', report],
      { encoding: 'utf8', maxBuffer: 2 ** 26, timeout: 120_000 },
    );
    assert.equal(status, 0);
    const { cells } = JSON.parse(fs.readFileSync(report, 'utf8')) as {
      cells: { outputs?: { data?: Record<string, string | string[]> }[] }[];
    };
    const figures = cells.flatMap(({ outputs = [] }) =>
      outputs.filter(({ data = {} }) => 'image/png' in data),
    );
    assert.ok(figures.length > 8);
    for (const { data = {} } of figures) {
      const [words] = [data['text/plain']].flat();
      assert.ok(stdout.includes(`alt="${words.replaceAll('&', '&amp;').slice(0, 60)}`), words);
    }
    assert.doesNotMatch(stdout, /<img alt="No description/);
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

function runModule(source: string, env: NodeJS.ProcessEnv = {}) {
  return runNode(['--input-type=module', '--eval', source], { PATH: folder, ...env });
}

/** The test's folder as a project of the set-up. */
function testProject() {
  return {
    root: folder,
    native: folder,
    log: path.join(folder, 'log'),
    isRepository: true,
    venv: path.join(folder, '.venv'),
    python: path.join(folder, '.venv', 'bin', 'python'),
  };
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
