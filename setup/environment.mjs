// Makes a folder's own Python environment, FOLDER/.venv of FOLDER/requirements.txt, where it is missing
// or pinned otherwise: `node setup/environment.mjs FOLDER`. For what only some need and is large, as
// the bench's contenders are. It can be interrupted and run again, and prints nothing when there is
// nothing to do.
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { endOnSignals, fail, step } from './commands.mjs';
import { choosePython, installPythonPackages } from './python.mjs';

const folder = realpathSync(process.argv[2]);
const root = dirname(import.meta.dirname);
const environment = {
  venv: join(folder, '.venv'),
  python: join(folder, '.venv', 'bin', 'python'),
  log: join(root, '.native', 'environment.log'),
  requirements: join(folder, 'requirements.txt'),
  // TensorFlow and NumPy have no current packages for an older one.
  supported: ['3.13', '3.12', '3.11'],
};

endOnSignals();
try {
  choosePython(environment);
  if (environment.basePython) {
    mkdirSync(dirname(environment.log), { recursive: true });
    rmSync(environment.log, { force: true });
    const name = relative(root, environment.venv);
    await step(name.startsWith('..') ? environment.venv : name, () =>
      installPythonPackages(environment),
    );
  }
} catch (error) {
  fail(error);
}
