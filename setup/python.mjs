// Which Python, and which packages does it get? The project's own .venv, pinned by requirements.txt,
// and in the same way those of folders that need another one.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { devNull } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram, runLogged, SetupError } from './commands.mjs';
import { currentStamp, fingerprint, writeStamp } from './stamps.mjs';

const ownRequirements = join(import.meta.dirname, 'requirements.txt');
const ownVersions = ['3.13', '3.12', '3.11', '3.10'];

const probe = `
import json, sys
missing = ''
try:
    import ensurepip, venv
except ImportError as error:
    missing = error.name
print(json.dumps({'version': '%d.%d.%d' % sys.version_info[:3], 'program': sys.executable, 'missing': missing}))
`;

/** How pip reaches its packages: of all that a user can set for it, only this concerns the set-up. */
const pipSettings = new Set(
  `index-url extra-index-url no-index find-links trusted-host proxy cert client-cert timeout
   default-timeout retries cache-dir no-cache-dir keyring-provider use-feature use-deprecated
   prefer-binary resume-retries`.split(/\s+/),
);

const pipProbe = `
import ast, json, subprocess, sys
listed = subprocess.run([sys.executable, '-m', 'pip', 'config', 'list'], capture_output=True, text=True)
settings = [line.partition('=') for line in listed.stdout.splitlines() if '=' in line]
print(json.dumps({'error': listed.stderr if listed.returncode else '',
                  'settings': [[name, ast.literal_eval(value)] for name, _, value in settings]}))
`;

/** Settles `project.basePython`: undefined when .venv is up to date, or else what to make it from. */
export function choosePython(project) {
  const stamp = currentEnvironment(project);
  if (!stamp) requireOwnEnvironment(project.venv);
  const python = stamp ?? findPython(project);
  if (!stamp) project.basePython = python.program;
  return `Node ${process.versions.node}, Python ${python.version}`;
}

export async function installPythonPackages(project) {
  if (!project.basePython) return 'up to date';
  const kept = clearEnvironment(project);
  const { requirements } = packagesOf(project);
  try {
    const env = pythonEnvironment();
    await runLogged(project, project.basePython, ['-m', 'venv', project.venv], { env });
    const install = ['-m', 'pip', 'install', '--only-binary=:all:', '--requirement', requirements];
    await runLogged(project, project.python, install, { env: pipEnvironment(project) });
  } catch (error) {
    throw new SetupError(
      `The Python packages could not be installed: ${error.message}. ` +
        `Look at the lines below (all of them: ${project.log}) and run this again.`,
      error.logLines,
    );
  }
  const { version } = examine(project.python);
  const outputs = listEnvironment(project.venv);
  writeStamp(join(project.venv, 'setup.json'), { inputs: inputsOf(project), outputs, version });
  return `${outputs.filter(isDistribution).length} installed${kept}`;
}

/** Refuses a .venv that somebody else made: what lies in it is not the set-up's to replace. */
export function requireOwnEnvironment(venv) {
  const entry = lstatSync(venv, { throwIfNoEntry: false });
  if (!entry) return;
  const isFolder = existsSync(venv) && statSync(venv).isDirectory();
  if (isFolder && (existsSync(join(venv, 'setup.json')) || readdirSync(venv).length === 0)) return;
  const what = isFolder
    ? 'was not made by this set-up (there is no setup.json in it)'
    : entry.isSymbolicLink()
      ? 'is a link that leads to no folder'
      : 'is not a folder';
  throw new SetupError(
    `${venv} ${what}. The set-up needs that name for its Python environment: ` +
      'rename or remove it and run this again.',
  );
}

/**
 * Makes room in .venv, also where it is a link to a folder on another disk.
 *
 * @returns What became of packages that somebody added: they are kept, in a folder beside it.
 */
function clearEnvironment({ venv }) {
  mkdirSync(venv, { recursive: true });
  const stampFile = join(venv, 'setup.json');
  let added = [];
  try {
    const { outputs } = JSON.parse(readFileSync(stampFile, 'utf8'));
    added = outputs.length === 0 ? [] : listEnvironment(venv).filter((it) => !outputs.includes(it));
  } catch {
    // Without a readable stamp the set-up did not finish, and nobody has used the environment.
  }
  let kept = '';
  if (added.length > 0) {
    const folder = realpathSync(venv);
    let number = 1;
    while (existsSync(`${folder}-old-${number}`)) number++;
    const old = `${folder}-old-${number}`;
    renameSync(folder, old);
    mkdirSync(folder);
    kept = `; the one before had ${added.map((it) => basename(it)).join(', ')} too and is now ${old}`;
  }
  for (const entry of readdirSync(venv)) {
    if (entry !== 'setup.json') rmSync(join(venv, entry), { recursive: true, force: true });
  }
  // From here on this .venv is known as the set-up's own, also after an interrupt.
  writeStamp(stampFile, { inputs: '', outputs: [] });
  return kept;
}

const addedLater = ['__pycache__', 'settings', 'tslab'];

/** The programs, packages and kernels of an environment, as paths in it. */
function listEnvironment(venv) {
  const libraries = readdirSync(join(venv, 'lib')).filter((name) => name.startsWith('python'));
  const folders = [
    'bin',
    ...libraries.map((name) => join('lib', name, 'site-packages')),
    join('share', 'jupyter', 'lab'),
    join('share', 'jupyter', 'kernels'),
  ];
  const present = folders.filter((folder) => existsSync(join(venv, folder)));
  return present.flatMap((folder) =>
    readdirSync(join(venv, folder))
      .filter((entry) => !addedLater.includes(entry))
      .map((entry) => join(folder, entry)),
  );
}

/**
 * The environment for Python programs: what a user set for their own Python (other paths, warnings
 * as errors, settings of pip such as `user` or `target`) stays out of the set-up's.
 */
export function pythonEnvironment() {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  for (const name of Object.keys(env)) {
    if (/^(PYTHON|__PYVENV_LAUNCHER__$)/.test(name)) delete env[name];
  }
  return env;
}

/**
 * The environment for pip: from the user's files and variables only what it needs to reach its
 * packages (indexes, proxy, certificates), since pip knows no way to unset a single one.
 */
export function pipEnvironment(project) {
  const env = pythonEnvironment();
  const own = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('PIP_')) continue;
    delete env[name];
    if (pipSettings.has(settingName(name))) own[name] = value;
  }
  // These would hide files, or the list itself, from `pip config list`.
  const shown = { PIP_USER: '0', PIP_GLOBAL: '0', PIP_SITE: '0', PIP_QUIET: '0', PIP_VERBOSE: '0' };
  const { PIP_CONFIG_FILE } = process.env;
  const { stdout } = spawnSync(project.python, ['-c', pipProbe], {
    encoding: 'utf8',
    env: { ...env, ...shown, ...(PIP_CONFIG_FILE && { PIP_CONFIG_FILE }) },
  });
  const { error, settings } = JSON.parse(stdout);
  if (error) throw new SetupError('pip cannot read its settings', error.trim().split('\n'));
  // As pip does: a command's own section comes after the one for all commands.
  for (const wanted of ['global', 'download', 'install']) {
    for (const [key, value] of settings) {
      const [section, name] = key.split('.');
      if (section === wanted && pipSettings.has(name)) {
        env[`PIP_${name.replaceAll('-', '_').toUpperCase()}`] = value;
      }
    }
  }
  return { ...env, ...own, PIP_CONFIG_FILE: devNull, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
}

function settingName(variable) {
  return variable.slice('PIP_'.length).toLowerCase().replaceAll('_', '-');
}

/** The stamp of .venv where its packages are the pinned ones and its Python still starts. */
function currentEnvironment(project) {
  const stamp = currentStamp(join(project.venv, 'setup.json'), inputsOf(project));
  const now = stamp && examine(project.python);
  return now && minor(now.version) === minor(stamp.version) ? stamp : undefined;
}

/** The scripts in .venv hold its path, so a moved .venv is out of date. */
function inputsOf(project) {
  return fingerprint([project.venv, readFileSync(packagesOf(project).requirements)]);
}

/** What .venv gets, and the Pythons that have it: the set-up's own packages unless told otherwise. */
function packagesOf({ requirements = ownRequirements, supported = ownVersions }) {
  return { requirements, supported };
}

function findPython(project) {
  const { supported } = packagesOf(project);
  const rejected = [];
  for (const name of ['python3', ...supported.map((version) => `python${version}`)]) {
    const found = findProgram([name]) && examine(name);
    if (!found) continue;
    if (!supported.includes(minor(found.version))) rejected.push(`${name} is ${found.version}`);
    else if (found.missing)
      rejected.push(`${name} (${found.version}) has no ${found.missing} module`);
    else return found;
  }
  const packages = rejected.some((it) => it.includes('module'))
    ? 'python3-venv'
    : 'python3 python3-venv';
  throw new SetupError(
    `Python ${supported.at(-1)} to ${supported[0]} with its venv module is needed; found: ${rejected.join(', ') || 'no python3'}. ` +
      `Install it (Debian, Ubuntu: apt-get install ${packages}; macOS: brew install python@3.12) ` +
      'and run this again.',
  );
}

/** What a Python says of itself, or undefined when it does not start. */
function examine(program) {
  const { status, stdout } = spawnSync(program, ['-c', probe], {
    encoding: 'utf8',
    env: pythonEnvironment(),
    timeout: 30_000,
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

function minor(version) {
  return version.split('.').slice(0, 2).join('.');
}

function isDistribution(name) {
  return name.endsWith('.dist-info');
}
