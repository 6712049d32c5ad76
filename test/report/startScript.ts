import { spawn } from 'node:child_process';
import path from 'node:path';

/** Starts a program that calls a function of a file of lib/report, with its input and output as pipes. */
export function startScript(
  file: string,
  call: string,
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
) {
  const repository = path.join(__dirname, '..', '..');
  const library = JSON.stringify(path.join(repository, 'lib', 'report', file));
  const register = require.resolve('ts-node/register/transpile-only');
  return spawn(process.execPath, ['-r', register, '-e', `require(${library}).${call}`], {
    cwd,
    env: {
      VIRTUAL_ENV: path.join(repository, '.venv'),
      ...process.env,
      ...environment,
      TS_NODE_PROJECT: path.join(repository, 'tsconfig.json'),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 50_000,
  });
}
