import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { unexecutedNotebook } from '../fixtures';

const root = path.resolve(__dirname, '..', '..');
const tslab = path.join(root, 'node_modules', 'tslab');
let folder: string;

describe('the kernel', () => {
  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kernel-test-')));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it('takes names of earlier cells in every place of an object where a name may stand alone', () => {
    const cases: [source: string, value: unknown, statements?: string][] = [
      ['({ seed })', { seed: 7 }],
      [
        '({ a: { seed, rows: [{ low }] }, ...{ high } })',
        { a: { seed: 7, rows: [{ low: 1 }] }, high: 2 },
      ],
      ['make()()', { seed: 7, low: 1 }, 'function make() { return () => ({ seed, low }); }'],
      ['new (class { kept = { seed }; get seen() { return { low }; } })().seen', { low: 1 }],
      ['[({ twice }).twice(2), new ({ Box }).Box().seed, ({ Color }).Color.Red]', [4, 3, 4]],
      ['[({ join }).join("a", "b"), typeof ({ os }).os.EOL]', ['a/b', 'string']],
      ['((first = { seed }, { other = low } = {} as any) => [first, other])()', [{ seed: 7 }, 1]],
      ['((seed: number) => ({ seed }))(1)', { seed: 1 }],
      ['await wait()', { seed: 7 }, 'const wait = async () => ({ seed });'],
      [
        'typed',
        { seed: 7, few: 'a' },
        'const few: Kind = "a"; const typed: { seed: number; few: Kind } = { seed, few };',
      ],
      ['[low, high]', [10, 20], '({ low, high } = { low: 10, high: 20 });'],
      ['[low, high]', [7, 22], '({ low = seed, deep: { high } } = { deep: { high: 22 } } as any);'],
      ['[low, rest]', [4, { z: 3 }], '({ low, ...rest } = { low: 4, z: 3 } as any);'],
      ['[low, high]', [50, 60], '[{ low }, high] = [{ low: 50 }, 60];'],
      ['low', 70, 'for ({ low } of [{ low: 70 }]) {}'],
      ['[own, deepest]', [9, 5], 'const { seed: own, deep: { low: deepest } } = options;'],
      ['low', 9, '({ seed: low } = options);'],
      ['before()', { low: 6 }, 'low = 5; const before = () => ({ low }); low = 6;'],
      ['({ seed, low })', { seed: 100, low: 6 }, 'const seed = 100;'],
      ['({ seed })', { seed: 100 }],
    ];
    const before = [
      'import { join } from "path"; import * as os from "os";',
      'const seed = 7; let low = 1; let high = 2; let rest: any; type Kind = "a" | "b";',
      'const options = { seed: 9, deep: { low: 5 } };',
      'class Box { seed = 3; } enum Color { Red = 4 } function twice(x: number) { return 2 * x; }',
    ];
    const cells = cases.map(
      ([source, , statements = ''], index) =>
        `${statements} console.log(JSON.stringify([${index}, ${source}]));`,
    );
    const { status, stdout, stderr, executed } = execute([before.join('\n'), ...cells]);
    assert.equal(status, 0, stdout + stderr);
    const printed = executed().slice(1);
    cases.forEach(([source, value], index) => {
      assert.deepEqual(JSON.parse(printed[index]), [index, value], source);
    });
  });

  it('is mended in tslab 1.0.22 once, without touching a file that shares its bytes', () => {
    const reverse = `const { changes, mendTslab } = await import(${JSON.stringify(
      pathToFileURL(path.join(root, 'setup', 'tslab.mjs')).href,
    )});
      const fs = await import('node:fs');
      const read = (file) => fs.readFileSync(file, 'utf8');
      const converter = 'node_modules/tslab/dist/converter.js';
      const mended = read(converter);
      const original = changes.reduceRight((text, [from, to]) => text.replace(to, () => from), mended);
      fs.writeFileSync('store.js', original);
      fs.rmSync(converter);
      fs.linkSync('store.js', converter);
      const project = { root: process.cwd() };
      const said = [mendTslab(project), mendTslab(project)];
      const same = [read(converter) === mended, read('store.js') === original];
      fs.appendFileSync(converter, '// changed');
      said.push(mendTslab(project));
      same.push(read(converter) === mended + '// changed');
      console.log(JSON.stringify({ said, same, files: fs.readdirSync('node_modules/tslab/dist') }));`;
    const copy = path.join(folder, 'node_modules', 'tslab');
    fs.mkdirSync(path.join(copy, 'dist'), { recursive: true });
    for (const file of ['package.json', path.join('dist', 'converter.js')]) {
      fs.copyFileSync(path.join(tslab, file), path.join(copy, file));
    }
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', reverse],
      { cwd: folder, encoding: 'utf8', timeout: 60_000 },
    );
    assert.equal(stderr, '');
    const { said, same, files } = JSON.parse(stdout);
    assert.match(said[0], /^mended: /);
    assert.equal(said[1], 'up to date');
    assert.match(said[2], /^left as it is: not the 1\.0\.22 that the fix .* is for$/);
    assert.deepEqual(same, [true, true, true]);
    assert.deepEqual(files, ['converter.js']);
  });

  it('runs what follows a cell tagged raises-exception', () => {
    const cells = [
      'throw new Error("as told");',
      'console.log("second");',
      'console.log("third");',
    ];
    const { status, stdout, stderr, executed } = execute(cells, { 0: 'raises-exception' });
    assert.equal(status, 0, stdout + stderr);
    assert.doesNotMatch(stderr, /This cell failed/);
    assert.match(executed()[0], /Error: as told/);
    assert.deepEqual(executed().slice(1), ['second\n', 'third\n']);
  });

  it('ends npm run notebooks with an error where it drops a cell', () => {
    const taskQueue = JSON.stringify(path.join(tslab, 'dist', 'util.js'));
    const cells = [
      // From here on, tslab drops every cell after an error, and not only for 200 ms.
      `require(${taskQueue}).TaskQueue.prototype.reset = () => {};`,
      'throw new Error("as told");',
      'console.log("never printed");',
    ];
    const { status, stderr } = execute(cells, { 1: 'raises-exception' });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /The kernel did not run this cell \(it answered 'abort'\):\n.*never printed/,
    );
    assert.match(stderr, /the notebook and its results are as they were/);
  });

  it('ends npm run notebooks with an error where it dies', () => {
    for (const death of ['process.exit(0);', 'process.kill(process.pid, "SIGKILL");']) {
      const { status, stderr } = execute(['console.log(1);', death, 'console.log(2);']);
      assert.equal(status, 1, death);
      assert.match(stderr, /Kernel died/, death);
    }
  });

  it('ends npm run notebooks with an error where what nothing awaits fails, in the last cell too', () => {
    const rejection = 'Promise.reject(new Error("nobody waits")); 1';
    const late = 'setTimeout(() => { throw new Error("nobody waits"); }, 50); 1';
    for (const cells of [[rejection, 'console.log(2);'], [late]]) {
      const { status, stderr } = execute(cells);
      assert.equal(status, 1, cells[0]);
      assert.match(stderr, /nothing awaited, failed:\n {4}Un\w+: Error: nobody waits/, cells[0]);
    }
  });

  it('leaves no output of an earlier run in a cell that is tagged skip-execution', () => {
    const { status, stdout, stderr, executed } = execute(
      ['console.log(1);', 'console.log(2);', 'console.log(3);'],
      { 1: 'skip-execution' },
      'of an earlier run',
    );
    assert.equal(status, 0, stdout + stderr);
    assert.deepEqual(executed(), ['1\n', '', '3\n']);
  });
});

/**
 * Runs cells as `npm run notebooks -- --quick` does.
 *
 * @returns What it said, and `executed`, which gives the text that each cell printed.
 */
function execute(sources: string[], tags: Record<number, string> = {}, earlier = '') {
  const notebook = JSON.parse(unexecutedNotebook(sources));
  notebook.cells.forEach((cell: Cell, index: number) => {
    if (tags[index]) cell.metadata.tags = [tags[index]];
    if (earlier) cell.outputs = [{ output_type: 'stream', name: 'stdout', text: earlier }];
  });
  const file = path.join(folder, 'trial.ipynb');
  fs.writeFileSync(file, JSON.stringify(notebook));
  const run = spawnSync(
    process.execPath,
    [path.join(root, 'setup', 'notebooks.mjs'), file, '--quick'],
    { cwd: root, encoding: 'utf8', env: { ...process.env, TMPDIR: folder }, timeout: 300_000 },
  );
  const executed = () => {
    const made = /is in (.*)\n$/.exec(run.stdout)?.[1] ?? '';
    const { cells } = JSON.parse(fs.readFileSync(path.join(made, 'trial.ipynb'), 'utf8'));
    return (cells as Cell[]).map(({ outputs }) =>
      outputs.map(({ text }) => [text].flat().join('')).join(''),
    );
  };
  return { ...run, executed };
}

interface Cell {
  metadata: { tags?: string[] };
  outputs: { output_type: string; name: string; text: string | string[] }[];
}
