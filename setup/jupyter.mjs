// How does Jupyter find the kernel, and where does it keep its files? All inside the project.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail, passSignalsOn, run, SetupError } from './commands.mjs';
import { pythonEnvironment } from './python.mjs';
import { writeFileAtomically } from './stamps.mjs';
import { findTslab } from './tslab.mjs';

/**
 * Registers the tslab kernel inside .venv. `tslab install` would write the same file with a command
 * that starts whichever Node is first on PATH; this one starts the Node that set-up was run with.
 */
export function registerKernel(project) {
  const tslab = join(findTslab(project), 'bin', 'tslab');
  const argv = [process.execPath, tslab, 'kernel', '--config-path', '{connection_file}'];
  const kernel = { argv, display_name: 'TypeScript', language: 'typescript' };
  const noNews = { fetchNews: 'false', checkForUpdates: false };
  const settings = { '@jupyterlab/apputils-extension:notification': noNews };
  const share = join(project.venv, 'share', 'jupyter');
  const changes = [
    // What somebody added to these files (a kernel's `env`, other settings) stays.
    update(join(share, 'kernels', 'tslab', 'kernel.json'), (own) => ({ ...kernel, ...own, argv })),
    update(join(share, 'lab', 'settings', 'overrides.json'), (own) => ({ ...settings, ...own })),
  ];
  return changes.includes(true) ? 'registered in .venv/share/jupyter' : 'up to date';
}

/** Writes what `change` makes of a JSON file's content, where that is something else. */
function update(file, change) {
  let old = '';
  let content = {};
  try {
    old = readFileSync(file, 'utf8');
    content = JSON.parse(old);
  } catch {
    mkdirSync(dirname(file), { recursive: true });
  }
  const text = `${JSON.stringify(change(content), null, 1)}\n`;
  if (text === old) return false;
  writeFileAtomically(file, text);
  return true;
}

/** The environment in which Jupyter reads and writes nothing of the user's own. */
export function jupyterEnvironment(project) {
  const folder = join(project.root, '.jupyter');
  const { MNIST_DIR } = process.env;
  mkdirSync(folder, { recursive: true });
  const env = pythonEnvironment();
  // Other places for kernels, settings and JupyterLab itself would come before the ones of .venv.
  for (const name of ['JUPYTER_PATH', 'JUPYTER_CONFIG_PATH', 'JUPYTERLAB_DIR']) delete env[name];
  return {
    ...env,
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(folder, 'lab', 'user-settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(folder, 'lab', 'workspaces'),
    IPYTHONDIR: join(folder, 'ipython'),
    // A kernel works in notebooks/, where a relative path would mean another folder.
    ...(MNIST_DIR && { MNIST_DIR: resolve(process.env.INIT_CWD ?? '.', MNIST_DIR) }),
  };
}

/** Opens JupyterLab on notebooks/, or on the folder of one's own; it ends with JupyterLab's exit code. */
export async function openJupyterLab(project, args) {
  const options = [
    `--ServerApp.root_dir=${project.root}`,
    `--LabApp.default_url=/lab${project.isRepository ? '/tree/notebooks' : ''}`,
  ];
  if (process.getuid() === 0) options.push('--allow-root');
  passSignalsOn();
  const { code, error } = await run(project.python, ['-m', 'jupyterlab', ...options, ...args], {
    cwd: project.root,
    env: jupyterEnvironment(project),
    stdio: 'inherit',
  });
  if (error) fail(new SetupError(`JupyterLab did not start: ${error.message}`));
  process.exit(code);
}
