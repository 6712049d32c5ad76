import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder, removePartialFiles } from 'digit-recognizer';

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
 * A file `run.lock` with the number of the process says whose the folder is. It goes when the process
 * exits; that of a process that no longer runs is taken over.
 *
 * @throws OutputFolderError when the folder is a file, cannot be written, is another run's, or has
 *   files under the names of a run's that no run wrote.
 */
export async function claimFolder(folder: string): Promise<void> {
  const lock = path.join(folder, 'run.lock');
  try {
    await makeFolder(folder);
    while (!tryToLock(lock));
  } catch (error) {
    if (error instanceof OutputFolderError) throw error;
    throw new OutputFolderError(
      `cannot write in ${folder}: ${(error as Error).message}. Give a folder that can be written, ` +
        'or that can be made',
    );
  }
  process.once('exit', () => rmSync(lock, { force: true }));
  requireOwnFiles(folder);
  for (const place of [folder, path.join(folder, modelFolder)].filter((it) => existsSync(it))) {
    await removePartialFiles(place);
  }
}

/** Refuses a folder whose files a run would replace, though no run left its log beside them. */
function requireOwnFiles(folder: string): void {
  const log = ifThere(() => readFileSync(path.join(folder, logFile), 'utf8'));
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

/** Makes the lock file, unless it is there and must be looked at again. */
function tryToLock(lock: string): boolean {
  const own = String(process.pid);
  const isMade = makeFile(lock, own);
  const holder = ifThere(() => readFileSync(lock, 'utf8'));
  // Whoever looked between the making and the writing took the file for a dead run's.
  if (isMade || holder === undefined) return holder === own;
  if (!/^\d*$/.test(holder)) {
    throw new OutputFolderError(
      `${lock} is no lock of a run, which holds the number of a process; it may be yours, and stays. ` +
        'Give another --output, or move that file',
    );
  }
  if (isRunning(Number(holder))) {
    throw new OutputFolderError(
      `${path.dirname(lock)} is in use by another run (process ${holder}). Wait for its end, or give ` +
        `another folder; if there is no such run, delete ${lock}`,
    );
  }
  // Of several processes that find a dead one's lock, only one may take it away.
  const aside = `${lock}.${own}`;
  const taken = ifThere(() => {
    renameSync(lock, aside);
    return readFileSync(aside, 'utf8');
  });
  if (taken === holder) rmSync(aside);
  else if (taken !== undefined) renameSync(aside, lock);
  return false;
}

/** Writes a file; says whether it was new, and leaves it as it is otherwise. */
function makeFile(file: string, contents: string): boolean {
  try {
    writeFileSync(file, contents, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** What a call on a file gives; nothing where another process has taken the file away. */
function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  // In a container that starts again, a dead run may have had this very number.
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
