// Which npm packages? Those of package-lock.json, by `npm ci`.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findProgram, runLogged, SetupError } from './commands.mjs';
import { currentStamp, fingerprint, writeStamp } from './stamps.mjs';

export async function installPackages(project) {
  const { root } = project;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const own = Object.keys(lock.packages).filter((folder) => !folder.includes('node_modules'));
  const files = ['package-lock.json', '.npmrc', ...own.map((it) => join(it, 'package.json'))];
  const inputs = fingerprint(files.map((file) => readFileSync(join(root, file))));
  const stampFile = join(root, 'node_modules', '.setup.json');
  if (currentStamp(stampFile, inputs)) return 'up to date';

  try {
    await runNpm(project, 'ci', root, ['--workspaces', '--include-workspace-root']);
  } catch (error) {
    throw new SetupError(
      `The npm packages could not be installed: ${error.message}. ` +
        `Look at the lines below (all of them: ${project.log}) and run this again.`,
      error.logLines,
    );
  }
  const installed = Object.keys(lock.packages)
    .filter((folder) => folder.includes('node_modules') && existsSync(join(root, folder)))
    .map((folder) => join('..', folder, 'package.json'));
  writeStamp(stampFile, { inputs, outputs: installed });
  return `${installed.length} installed`;
}

/**
 * What a user may have set otherwise for npm, in files or variables; the line of a command wins.
 * NODE_ENV=production, for one, leaves out the compiler of lib.
 */
const npmOptions = [
  ...['dev', 'optional', 'peer'].map((kind) => `--include=${kind}`),
  ...['bin-links', 'package-lock', 'save', 'ignore-scripts'].map((name) => `--${name}`),
  ...['global', 'dry-run', 'package-lock-only', 'legacy-peer-deps', 'strict-peer-deps'].map(
    (name) => `--no-${name}`,
  ),
  '--location=project',
  '--install-strategy=hoisted',
  '--no-install-links',
  '--loglevel=notice',
];

/** Runs `npm ci` or `npm install` in a folder, the output in the log. */
export async function runNpm(project, command, folder, args = []) {
  const [program, ...first] = npmCommand();
  const options = [...first, command, ...npmOptions, ...args];
  await runLogged(project, program, options, { cwd: folder, env: npmEnvironment() });
}

/** Without what an `npm run` around this says of its own package. */
function npmEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(npm_(package|lifecycle)_|npm_command$|npm_config_(local_)?prefix$)/.test(name)) {
      delete env[name];
    }
  }
  return env;
}

/** npm as a command with its first arguments: by the Node that runs this where that is possible. */
function npmCommand() {
  const script = npmScript();
  if (script) return [process.execPath, script];
  if (findProgram(['npm'])) return ['npm'];
  throw new SetupError('npm was not found; it comes with Node (https://nodejs.org)');
}

/** npm's own script: that of the npm that runs this, or else of the one on PATH, or undefined. */
export function npmScript() {
  const program = process.env.npm_execpath ?? findProgram(['npm']);
  if (!program || !existsSync(program)) return undefined;
  const script = realpathSync(program);
  return basename(script) === 'npm-cli.js' ? script : undefined;
}
