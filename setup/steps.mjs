// What does set-up do, and in which order? Each step looks at what is out of date, so it is safe to
// run again, to interrupt, and to run after a pull.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOnSignals, fail, SetupError, step } from './commands.mjs';
import { registerKernel } from './jupyter.mjs';
import { compileLibrary } from './library.mjs';
import { installPackages } from './packages.mjs';
import { choosePython, installPythonPackages } from './python.mjs';
import { installTensorFlow } from './addon.mjs';
import { mendPageExport } from './page-export.mjs';
import { mendTslab } from './tslab.mjs';

/**
 * Sets up what is missing or out of date, a line a step, and ends the process when a step fails.
 *
 * @returns The project: its folders and programs.
 */
export async function setUp() {
  endOnSignals();
  const project = findProject();
  try {
    if (process.platform === 'win32') {
      throw new SetupError('Windows is not supported; run this inside WSL (wsl --install).');
    }
    mkdirSync(project.native, { recursive: true });
    rmSync(project.log, { force: true });

    await step('Node and Python', () => choosePython(project));
    if (project.isRepository) await step('npm packages', () => installPackages(project));
    await step('Python packages', () => installPythonPackages(project));
    await installTensorFlow(project);
    if (project.isRepository) await step('lib', () => compileLibrary(project));
    await step('tslab', () => mendTslab(project));
    await step('page export', () => mendPageExport(project));
    await step('tslab kernel', () => registerKernel(project));
  } catch (error) {
    fail(error);
  }
  return project;
}

/** The repository that this file belongs to, or the current folder where it is an npm package. */
export function findProject() {
  const parent = dirname(dirname(fileURLToPath(import.meta.url)));
  const isRepository = hasWorkspaces(parent);
  const root = isRepository ? parent : process.cwd();
  const native = join(root, '.native');
  return {
    root,
    isRepository,
    native,
    log: join(native, 'setup.log'),
    venv: join(root, '.venv'),
    python: join(root, '.venv', 'bin', 'python'),
  };
}

function hasWorkspaces(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).workspaces.includes(
      'lib',
    );
  } catch {
    return false;
  }
}
