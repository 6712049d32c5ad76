// How is a step shown, and how does it run a command?
import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { constants as system } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { stripVTControlCharacters } from 'node:util';

/** A failure that the user can mend: one sentence each on what failed and what to do. */
export class SetupError extends Error {
  /** @param logLines - The last lines that the failed command printed. */
  constructor(message, logLines = []) {
    super(message);
    this.logLines = logLines;
  }
}

/**
 * Runs one step and prints its line: the name, what was done, and how long it took.
 *
 * @param work - Does the step and returns what it did, such as `up to date`.
 */
export async function step(name, work) {
  const start = performance.now();
  process.stdout.write(name.padEnd(18));
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    const outcome = await work();
    process.stdout.write(`${seconds().padStart(7)}  ${outcome}\n`);
  } catch (error) {
    process.stdout.write(`${seconds().padStart(7)}  failed\n`);
    throw error;
  }
}

/** Prints an error as one line and, below it, the last lines of the log; then ends the process. */
export function fail(error) {
  if (error instanceof SetupError) {
    console.error(`Error: ${error.message}`);
    for (const line of error.logLines) console.error(`  | ${line}`);
  } else if (error.syscall) {
    // What the system refuses: a read-only folder, a full disk, a file where a folder should be.
    const place = [error.path, error.dest].filter(Boolean).join(' and ') || 'this folder';
    console.error(
      `Error: ${place} cannot be used (${error.message}). Look at what lies there, at its rights ` +
        'and at the free space, and run this again.',
    );
  } else {
    console.error(error);
  }
  process.exit(1);
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const running = new Set();

/** Ends the running command and this process on Ctrl-C, with the exit code that shells expect. */
export function endOnSignals() {
  const end = (signal) => {
    for (const child of running) child.kill(signal);
    console.error('\nInterrupted. What is done stays done; run it again to go on.');
    process.exit(128 + system.signals[signal]);
  };
  for (const signal of signals) process.on(signal, end);
}

/**
 * From here on, signals are left to the running command, which decides how to end.
 *
 * @returns An object whose `exitCode` is set once a signal came.
 */
export function passSignalsOn() {
  const received = {};
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      received.exitCode = 128 + system.signals[signal];
      // A terminal sends Ctrl-C to the command itself, for which a second one may mean more.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      for (const child of running) child.kill(signal);
    });
  }
  return received;
}

/**
 * Runs a command whose output goes to the end of a log file.
 *
 * @throws SetupError with the log's last lines when the command is not found or fails.
 */
export async function runLogged(project, command, args, options = {}) {
  const start = statSync(project.log, { throwIfNoEntry: false })?.size ?? 0;
  const log = openSync(project.log, 'a');
  try {
    const { code, error } = await run(command, args, { ...options, stdio: ['ignore', log, log] });
    if (code === 0) return;
    const text = readFileSync(project.log).subarray(start).toString();
    const lines = stripVTControlCharacters(text).split(/[\r\n]+/);
    const name = [command, ...args.slice(0, 3)].map((it) => basename(it)).join(' ');
    throw new SetupError(
      error ? `${name}: ${error.message}` : `"${name}" ended with exit code ${code}`,
      lines.filter(isTelling).slice(-12),
    );
  } finally {
    closeSync(log);
  }
}

/** Not so are stack traces and what node-pre-gyp says about itself, below the compiler's errors. */
function isTelling(line) {
  return line.trim() !== '' && !/^\s+at |^node-pre-gyp |^Failed to execute /.test(line);
}

/** Runs a command to its end; `code` is 128 plus the signal's number when a signal ended it. */
export function run(command, args, options) {
  return new Promise((finish) => {
    const child = spawn(command, args, options);
    running.add(child);
    child.on('error', (error) => {
      running.delete(child);
      finish({ code: 127, error });
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      finish({ code: code ?? 128 + system.signals[signal] });
    });
  });
}

/** Path of the first of these programs that is on PATH, or undefined. */
export function findProgram(names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        continue;
      }
    }
  }
  return undefined;
}
