import { spawn } from 'node:child_process';
import path from 'node:path';

/**
 * Runs a program to its end, in the root of the repository, with what it says on this terminal.
 *
 * @param name - What it is, for the error message.
 * @param command - The program and its arguments.
 * @param env - Variables beside those of this process.
 * @param signal - Ends it as Ctrl-C does.
 * @throws Error when it fails or is interrupted.
 */
export function runProgram(
  name: string,
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C would reach it twice, and Tune ends at the second without a record.
    const child = spawn(program, args, {
      ...{ cwd: path.dirname(__dirname), detached: true, env: { ...inherited(), ...env } },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const interrupt = () => child.kill('SIGINT');
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', interrupt, { once: true });
    process.once('exit', kill);
    if (signal.aborted) interrupt();
    child.once('error', reject);
    child.once('close', (code, by) => {
      signal.removeEventListener('abort', interrupt);
      process.off('exit', kill);
      if (signal.aborted) return reject(new Error('interrupted'));
      if (code === 0) return resolve();
      const how = by === null ? `failed (exit code ${code})` : `was ended by ${by}`;
      reject(new Error(`${name} ${how}; see above`));
    });
  });
}

/**
 * The variables of this process but those for a user's own Python, which those of Ray would break on,
 * and for a cluster that Ray would join unasked.
 */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PYTHON.*|RAY_ADDRESS)$/.test(name)),
  );
}
