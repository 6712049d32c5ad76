// How is a notebook executed? From its first cell to its last in a fresh kernel. The notebook and its
// results are replaced together, and only when every cell succeeded.
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
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
    if (folder) rmSync(folder, { recursive: true });
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
  if (!quick) replace(project, notebook, executed, results);
}

/** Puts the executed notebook and its results in the place of the old ones: both, or neither. */
function replace(project, notebook, executed, results) {
  const target = join(project.root, 'results', basename(results));
  const old = `${results}-old`;
  // The copy is what a full disk or another one could spoil, so it comes before the renames.
  const staged = `${notebook}.${process.pid}.tmp`;
  copyFileSync(executed, staged);
  try {
    if (readdirSync(results).length > 0) {
      if (existsSync(target)) renameSync(target, old);
      renameSync(results, target);
    }
    renameSync(staged, notebook);
  } catch (error) {
    rmSync(staged, { force: true });
    if (existsSync(old)) {
      rmSync(target, { recursive: true, force: true });
      renameSync(old, target);
    }
    throw new SetupError(`The results could not be put in place: ${error.message}`);
  }
}
