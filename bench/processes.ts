/** The processes that take turns, and what they need. */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';

export const root = path.dirname(__dirname);
export const python = path.join(__dirname, '.venv', 'bin', 'python');

/** oneDNN for all, and no GPU for any. */
const environment = {
  ...process.env,
  CUDA_VISIBLE_DEVICES: '',
  TF_ENABLE_ONEDNN_OPTS: '1',
  TF_CPP_MIN_LOG_LEVEL: '3',
};

/** A process that measures when it is asked to, and sleeps otherwise. */
export class Contender {
  /** What it says first, when it has loaded everything. */
  readonly versions: Promise<Record<string, string>>;
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: Interface;
  private errors = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.process = spawn(command, args, { cwd: root, env: { ...environment, ...env } });
    this.lines = createInterface({ input: this.process.stdout });
    this.process.stderr.on('data', (text) => (this.errors += text));
    this.versions = this.answer() as Promise<Record<string, string>>;
  }

  /** Gives what the process answers to a line: an object. */
  async ask(line: string): Promise<unknown> {
    const answer = this.answer();
    this.process.stdin.write(`${line}\n`);
    return answer;
  }

  /** Gives the memory of the process, now and at most, in MiB. */
  memory(): { resident: number; peak: number } {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    const [resident, peak] = ['VmRSS', 'VmHWM'].map((name) => {
      return Math.round(Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) / 1024);
    });
    return { resident, peak };
  }

  end(): void {
    this.process.kill();
  }

  /** Waits for a line of JSON: libraries may print others. */
  private answer(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`contender "${this.name}" ended:\n${this.errors}`));
      const read = (line: string) => {
        if (!line.startsWith('{')) return;
        this.process.off('close', ended);
        this.lines.off('line', read);
        resolve(JSON.parse(line));
      };
      this.process.once('close', ended);
      this.lines.on('line', read);
    });
  }
}

/** Makes bench/.venv, of about 2.5 GB, where it is missing or pinned otherwise. */
export function makePythonEnvironment(): void {
  const args = ['setup/environment.mjs', 'bench'];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}

/** Gives what starts a contender on tfjs-node: `bench/contender.ts` with its arguments. */
export function inNode(...args: string[]): readonly [string, string[]] {
  const script = ['-r', 'ts-node/register/transpile-only', 'bench/contender.ts'];
  return [process.execPath, [...script, ...args]];
}

/** Gives what starts a contender in Python: `bench/contender.py` with its arguments. */
export function inPython(...args: string[]): readonly [string, string[]] {
  return [python, ['bench/contender.py', ...args]];
}

/** What a record says of the machine that it was measured on. */
export function machine() {
  const processors = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const system = `${os.type()} ${os.release()} ${os.arch()}`;
  return { processor: processors[0].model.trim(), cores: processors.length, memory, system };
}
