import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { tryLock } from 'fs-native-extensions';

/** An output folder cannot be used; the message says why and what to do. */
export class OutputFolderError extends Error {
  override readonly name = 'OutputFolderError';
}

/** Name of the folder in an output folder that holds the trained model. */
export const modelFolder = 'model';

/** Name of the file in an output folder that keeps an unfinished run. */
export const checkpointFile = 'checkpoint.safetensors';

/** Name of the file in an output folder that gets a line of JSON for every step. */
export const logFile = 'training.log';

/** Name of the file in an output folder that holds every number of the run. */
export const metricsFile = 'metrics.json';

/** Names of the figures in an output folder, without `.png`. */
export const figureNames = [
  'architecture_diagram',
  'training_history',
  'confusion_matrix',
  'predictions_sample',
] as const;

/**
 * Takes an output folder for this process alone, makes it where it is missing, and tidies up what a
 * killed run has left half-written.
 *
 * The system's lock on a file `run.lock` says whose the folder is. It ends with the process, even a
 * killed one, whose file the next run takes over.
 *
 * @throws OutputFolderError when the folder is a file, cannot be written, is another run's, or has
 *   files under the names of a run's that no run wrote.
 */
export async function claimFolder(folder: string): Promise<void> {
  lockFolder(folder);
  requireOwnFiles(folder);
  await tidyUp(folder, path.join(folder, modelFolder));
}

/**
 * Takes a folder for this process alone, and makes it where it is missing.
 *
 * @throws OutputFolderError when the folder is a file, cannot be written or is another run's.
 */
export function lockFolder(folder: string): void {
  try {
    makeFolder(folder);
    while (!tryToLock(folder));
  } catch (error) {
    if (error instanceof OutputFolderError) throw error;
    throw new OutputFolderError(
      `cannot write in ${folder}: ${(error as Error).message}. Give a folder that can be written, ` +
        'or that can be made',
    );
  }
}

/** Deletes what a killed run has left half-written in folders, where there are such. */
export async function tidyUp(...folders: readonly string[]): Promise<void> {
  // Loaded only now, since TensorFlow takes seconds, which a refusal need not.
  const { removePartialFiles } = await import('digit-recognizer');
  for (const folder of folders.filter((it) => existsSync(it))) await removePartialFiles(folder);
}

/** Makes a folder with those above it; Node's own recursive way never ends below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** Locks the folder until the process ends, unless its last holder took the lock's file away. */
function tryToLock(folder: string): boolean {
  const file = path.join(folder, 'run.lock');
  const descriptor = openSync(file, 'a+');
  const holder = readFileSync(descriptor, 'utf8').trim();
  if (!/^(process \d+)?$/.test(holder)) {
    throw new OutputFolderError(
      `${file} is no lock of a run, which holds the number of a process; it may be yours, and stays. ` +
        'Give another --output, or move that file',
    );
  }
  if (!tryLock(descriptor)) {
    throw new OutputFolderError(
      `${folder} is in use by another run (${holder}). Wait for its end, or give another folder`,
    );
  }
  // A run that ended after the file was opened has deleted it, and others would lock another one.
  if (fstatSync(descriptor).ino !== statSync(file, { throwIfNoEntry: false })?.ino) {
    closeSync(descriptor);
    return false;
  }
  process.once('exit', () => rmSync(file, { force: true }));
  ftruncateSync(descriptor);
  writeSync(descriptor, `process ${process.pid}\n`);
  return true;
}

/** Refuses a folder whose files a run would replace, though no run left its log beside them. */
function requireOwnFiles(folder: string): void {
  const file = path.join(folder, logFile);
  const log = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (log?.startsWith('{"level":')) return;
  const figures = figureNames.map((name) => `${name}.png`);
  const model = path.join(modelFolder, 'model.json');
  const names = [logFile, metricsFile, ...figures, model].filter((it) =>
    existsSync(path.join(folder, it)),
  );
  // A log without a line is what a run on a full disk leaves.
  if (names.length === 0 || (names.join() === logFile && log === '')) return;
  throw new OutputFolderError(
    `${folder} has ${names.join(', ')}, which no run of train wrote and this one would replace. ` +
      'Give another --output, or move what is there',
  );
}
