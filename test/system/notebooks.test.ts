import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '..', '..');
const folder = path.join(root, 'notebooks');
const files = readdirSync(folder).filter((file) => file.endsWith('.ipynb'));

it('there are notebooks to check', () => {
  assert.ok(files.length >= 1);
});

for (const file of files) {
  const { metadata, nbformat, cells } = readNotebook(path.join(folder, file));
  const codeCells = cells.filter((cell) => cell.cell_type === 'code');
  const outputs = codeCells.flatMap((cell) => cell.outputs.map((output) => ({ cell, output })));

  it(`${file} runs on the tslab kernel and stays under 3 MB, so that GitHub renders it`, () => {
    assert.equal(nbformat, 4);
    assert.equal(metadata.kernelspec?.name, 'tslab');
    assert.ok(statSync(path.join(folder, file)).size < 3_000_000);
  });

  it(`${file} is saved after one clean run from its first cell to its last`, () => {
    const counts = codeCells.map((cell) => cell.execution_count);
    assert.deepEqual(
      counts,
      codeCells.map((_, index) => index + 1),
    );
  });

  it(`${file} holds no error and nothing that was written to stderr`, () => {
    for (const { cell, output } of outputs) {
      assert.notEqual(output.output_type, 'error', cell.id);
      assert.notEqual(output.name, 'stderr', `${cell.id}: ${text(output.text)}`);
    }
  });

  it(`${file} has every figure live, as PNG and in words`, () => {
    const figures = outputs.filter(({ output }) => output.data?.[plotly]);
    assert.ok(figures.length >= 5, `${figures.length} figures`);
    for (const { cell, output } of figures) {
      const data = output.data as Record<string, unknown>;
      const png = Buffer.from(text(data['image/png']), 'base64');
      assert.equal(png.subarray(1, 4).toString(), 'PNG', cell.id);
      assert.ok(png.length > 4_000, `${cell.id} has a PNG of ${png.length} bytes`);
      assert.ok(text(data['text/plain']).length > 20, cell.id);
      // JupyterLab would show the HTML in place of the live figure.
      assert.ok(!('text/html' in data), cell.id);
    }
  });

  it(`${file} shows at most one figure or table in a cell`, () => {
    for (const cell of codeCells) {
      assert.ok(cell.outputs.length <= 1, cell.id);
    }
  });

  it(`${file} has prose before every cell of code and after every figure`, () => {
    cells.forEach((cell, index) => {
      const before = cells[index - 1];
      const ownWords = cell.cell_type === 'markdown' || isContinued(before, cell);
      assert.ok(ownWords || before?.cell_type === 'markdown', `${cell.id} comes without prose`);
      if (cell.cell_type === 'code' && cell.outputs.some((output) => output.data?.[plotly])) {
        assert.equal(cells[index + 1]?.cell_type, 'markdown', `nothing is said after ${cell.id}`);
      }
    });
  });

  it(`${file} has short cells: 15 lines at most, 6 or fewer in the middle`, () => {
    const lengths = codeCells.map((cell) => text(cell.source).split('\n').length);
    assert.ok(Math.max(...lengths) <= 15, `longest cell: ${Math.max(...lengths)} lines`);
    const median = [...lengths].sort((a, b) => a - b)[Math.floor(lengths.length / 2)];
    assert.ok(median <= 6, `median: ${median} lines`);
  });

  it(`${file} has no path of the machine that it ran on`, () => {
    const whole = readFileSync(path.join(folder, file), 'utf8');
    for (const place of [root, os.homedir(), os.tmpdir()].filter((name) => name.length > 2)) {
      assert.ok(!new RegExp(`${place}(?=[/"'\\s])`).test(whole), place);
    }
    assert.doesNotMatch(whole, /[\s"'(](\/(home|root|Users|tmp|opt|usr|var|mnt)\/|[A-Z]:\\\\)/);
  });
}

it('npm run notebooks -- --quick runs them all in the real kernel and changes none', () => {
  const before = digest([folder, path.join(root, 'results')]);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'setup', 'notebooks.mjs'), '--quick'],
    // mocha cannot end a test that waits for a program without giving way.
    { cwd: root, encoding: 'utf8', timeout: 850_000 },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.equal(digest([folder, path.join(root, 'results')]), before);
  const made = /what it made is in (.+)$/m.exec(stdout)?.[1] as string;
  for (const file of files) {
    const name = path.basename(file, '.ipynb');
    const metrics = JSON.parse(readFileSync(path.join(made, name, 'metrics.json'), 'utf8'));
    assert.equal(metrics.settings.quick, true);
    const { cells } = readNotebook(path.join(made, file));
    const code = cells.filter((cell) => cell.cell_type === 'code');
    assert.ok(code.every((cell) => cell.execution_count));
    assert.ok(code.some((cell) => cell.outputs.some((output) => output.data?.['image/png'])));
  }
  rmSync(made, { recursive: true });
});

const plotly = 'application/vnd.plotly.v1+json';

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string | string[];
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Cell {
  readonly id: string;
  readonly cell_type: string;
  readonly source: string | string[];
  readonly execution_count: number | null;
  readonly outputs: readonly Output[];
}

interface Notebook {
  readonly nbformat: number;
  readonly metadata: { readonly kernelspec?: { readonly name: string } };
  readonly cells: readonly Cell[];
}

function readNotebook(file: string): Notebook {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** A cell without output may be followed at once by the cell that shows what it made. */
function isContinued(before: Cell | undefined, cell: Cell): boolean {
  return cell.cell_type === 'code' && before?.cell_type === 'code' && before.outputs.length === 0;
}

function text(lines: unknown): string {
  return Array.isArray(lines) ? lines.join('') : String(lines ?? '');
}

function digest(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const place of folders) {
    for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !entry.parentPath.includes('.ipynb_checkpoints')) {
        const file = path.join(entry.parentPath, entry.name);
        hash.update(file).update(readFileSync(file));
      }
    }
  }
  return hash.digest('hex');
}
