// Which Python, and which packages does it get? The project's own .venv, pinned by requirements.txt.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runLogged, SetupError } from './commands.mjs';
import { currentStamp, fingerprint, writeStamp } from './stamps.mjs';

const requirements = join(import.meta.dirname, 'requirements.txt');
const supported = ['3.13', '3.12', '3.11', '3.10'];

const probe = `
import json, sys
missing = ''
try:
    import ensurepip, venv
except ImportError as error:
    missing = error.name
print(json.dumps({'version': '%d.%d.%d' % sys.version_info[:3], 'program': sys.executable, 'missing': missing}))
`;

/** Settles `project.basePython`: undefined when .venv is up to date, or else what to make it from. */
export function choosePython(project) {
  const stamp = currentEnvironment(project);
  const python = stamp ?? findPython();
  if (!stamp) project.basePython = python.program;
  return `Node ${process.versions.node}, Python ${python.version}`;
}

export async function installPythonPackages(project) {
  if (!project.basePython) return 'up to date';
  rmSync(project.venv, { recursive: true, force: true });
  try {
    await runLogged(project, project.basePython, ['-m', 'venv', project.venv]);
    const install = ['-m', 'pip', 'install', '--only-binary=:all:', '--requirement', requirements];
    await runLogged(project, project.python, install, { env: pythonEnvironment() });
  } catch (error) {
    throw new SetupError(
      `The Python packages could not be installed: ${error.message}. ` +
        `Look at the lines below (all of them: ${project.log}) and run this again.`,
      error.logLines,
    );
  }
  const { version } = examine(project.python);
  const packages = join('lib', `python${minor(version)}`, 'site-packages');
  const outputs = ['bin', packages, join('share', 'jupyter', 'lab')].flatMap((folder) =>
    readdirSync(join(project.venv, folder)).map((entry) => join(folder, entry)),
  );
  writeStamp(join(project.venv, 'setup.json'), { inputs: inputsOf(project), outputs, version });
  return `${readdirSync(join(project.venv, packages)).filter(isDistribution).length} installed`;
}

/** The environment for Python programs: nobody's PYTHONPATH puts other versions before the pinned. */
export function pythonEnvironment() {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  delete env.PYTHONPATH;
  delete env.PYTHONHOME;
  return env;
}

/** The stamp of .venv where its packages are the pinned ones and its Python still starts. */
function currentEnvironment(project) {
  const stamp = currentStamp(join(project.venv, 'setup.json'), inputsOf(project));
  const now = stamp && examine(project.python);
  return now && minor(now.version) === minor(stamp.version) ? stamp : undefined;
}

/** The scripts in .venv hold its path, so a moved .venv is out of date. */
function inputsOf(project) {
  return fingerprint([project.venv, readFileSync(requirements)]);
}

function findPython() {
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
    `Python 3.10 to 3.13 with its venv module is needed; found: ${rejected.join(', ') || 'no python3'}. ` +
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
