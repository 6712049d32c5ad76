// How is a notebook executed? From its first cell to its last in a fresh kernel. The notebook and its
// results are replaced together, and only when every cell succeeded.
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fail, passSignalsOn, run, SetupError } from './commands.mjs';
import { jupyterEnvironment } from './jupyter.mjs';

/**
 * Executes all notebooks, or the named ones, one after the other, and ends the process.
 *
 * @param args - Names, number prefixes or paths of notebooks. `--quick` runs them on a small subset
 *   and leaves notebooks and results as they are.
 */
export async function executeNotebooks(project, args) {
  let folder;
  try {
    const quick = args.includes('--quick');
    const notebooks = chooseNotebooks(project, args);
    if (!quick) notebooks.forEach((notebook) => requireWritable(project, notebook));
    // A rename needs the new files on the same disk as the old ones.
    const parent = quick ? os.tmpdir() : join(project.root, '.jupyter');
    mkdirSync(parent, { recursive: true });
    folder = mkdtempSync(join(parent, quick ? 'notebooks-quick-' : 'notebooks-'));
    for (const notebook of notebooks) await execute(project, notebook, folder, quick);
    if (quick)
      console.log(`Quick run: nothing in the project changed; what it made is in ${folder}`);
    else rmSync(folder, { recursive: true });
  } catch (error) {
    if (folder && !(error instanceof PlacingError)) rmSync(folder, { recursive: true });
    fail(error);
  }
}

function chooseNotebooks(project, args) {
  const folder = join(project.root, 'notebooks');
  const all = readdirSync(folder).filter((file) => file.endsWith('.ipynb'));
  const names = args.filter((argument) => argument !== '--quick');
  if (names.length === 0) return all.map((file) => join(folder, file));
  return names.flatMap((name) => {
    const path = resolve(process.env.INIT_CWD ?? '.', name);
    if (path.endsWith('.ipynb') && existsSync(path)) return [path];
    const named = all.filter(
      (it) => it === name || it === `${name}.ipynb` || it.startsWith(`${name}-`),
    );
    if (named.length > 0) return named.map((file) => join(folder, file));
    throw new SetupError(
      `No notebook is called ${name}; expected --quick or one of ${all.join(', ') || 'none'}, ` +
        'by its name or number',
    );
  });
}

/** A folder that turns out to be read-only at the end would cost a whole run. */
function requireWritable(project, notebook) {
  for (const folder of [dirname(notebook), join(project.root, 'results')]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
    } catch (error) {
      throw new SetupError(
        `${folder} cannot be written (${error.code}); make it writable, or use --quick, ` +
          'which changes nothing there',
      );
    }
  }
}

async function execute(project, notebook, folder, quick) {
  const name = basename(notebook, '.ipynb');
  const executed = join(folder, basename(notebook));
  const results = join(folder, name);
  mkdirSync(results);
  const before = readFileSync(notebook);
  console.log(`${relative(project.root, notebook)}${quick ? ' (quick)' : ''}`);
  const received = passSignalsOn();
  const script = join(import.meta.dirname, 'execute.py');
  const { code } = await run(project.python, [script, notebook, executed, project.root], {
    cwd: dirname(notebook),
    env: {
      ...jupyterEnvironment(project),
      RESULTS_DIR: results,
      QUICK: quick ? '1' : undefined,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (received.exitCode || code !== 0) {
    rmSync(folder, { recursive: true });
    console.error(`\n${name} did not finish; the notebook and its results are as they were.`);
    process.exit(received.exitCode ?? (code > 128 ? code : 1));
  }
  if (!quick) {
    requireUnchanged(notebook, before, executed);
    replaceResults(notebook, executed, results, join(project.root, 'results', name));
  }
}

/**
 * Puts an executed notebook and its results in the place of the old ones: all, or none.
 *
 * Only files that the run made are written or replaced; what else lies among the results stays.
 *
 * @param results - Folder of the files that the run made, on one disk with the target; emptied.
 * @param target - Folder of the results that a reader sees.
 * @throws PlacingError when something is in the way; all is then as it was.
 */
export function replaceResults(notebook, executed, results, target) {
  const old = `${results}-old`;
  // The copy is what a full disk or another one could spoil, so it comes before the renames.
  const staged = `${notebook}.${randomUUID()}.tmp`;
  const undo = [];
  try {
    copyFileSync(executed, staged, constants.COPYFILE_EXCL);
    undo.push(() => rmSync(staged, { force: true }));
    for (const entry of readdirSync(results, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const from = join(entry.parentPath, entry.name);
      const file = relative(results, from);
      const to = join(target, file);
      mkdirSync(dirname(to), { recursive: true });
      if (existsSync(to)) {
        if (statSync(to).isDirectory()) throw new Error(`${to} is a folder; a file belongs there`);
        const aside = join(old, file);
        mkdirSync(dirname(aside), { recursive: true });
        renameSync(to, aside);
        undo.push(() => renameSync(aside, to));
      }
      renameSync(from, to);
      undo.push(() => renameSync(to, from));
    }
    renameSync(staged, notebook);
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw new PlacingError(error.message, executed);
  }
}

/** Refuses to replace a notebook that somebody saved anew since it had these bytes. */
function requireUnchanged(notebook, bytes, executed) {
  if (!existsSync(notebook) || !readFileSync(notebook).equals(bytes)) {
    throw new PlacingError(`${notebook} was changed while it was executed`, executed);
  }
}

/** A run is complete, but cannot replace the old notebook and results, which stay; it is kept. */
class PlacingError extends SetupError {
  constructor(reason, executed) {
    super(
      `The executed notebook and its results could not be put in place: ${reason}. All there is ` +
        `as it was; what the run made is in ${dirname(executed)}`,
    );
  }
}
