import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { recoverFolder } from '../lib/files';

/** An output folder cannot be used; the message says why and what to do. */
export class OutputFolderError extends Error {
  override readonly name = 'OutputFolderError';
}

/** Name of the folder in an output folder that holds the trained model. */
export const modelFolder = 'model';

/** Name of the file in an output folder that keeps an unfinished run. */
export const checkpointFile = 'checkpoint.safetensors';

/**
 * Takes an output folder for this process alone, makes it where it is missing, and tidies up what a
 * killed run has left half-written.
 *
 * A file `run.lock` with the number of the process says whose the folder is. It goes when the process
 * exits; that of a process that no longer runs is taken over.
 *
 * @throws OutputFolderError when the folder is a file, cannot be written, or is another run's.
 */
export async function claimFolder(folder: string): Promise<void> {
  const lock = path.join(folder, 'run.lock');
  try {
    makeFolder(folder);
    while (!tryToLock(lock));
  } catch (error) {
    if (error instanceof OutputFolderError) throw error;
    throw new OutputFolderError(
      `cannot write in ${folder}: ${(error as Error).message}. Give a folder that can be written, ` +
        'or that can be made',
    );
  }
  process.once('exit', () => rmSync(lock, { force: true }));
  await recoverFolder(path.join(folder, modelFolder));
  for (const name of readdirSync(folder).filter((it) => /^\..+\.partial(-replaced)?$/.test(it))) {
    rmSync(path.join(folder, name), { recursive: true });
  }
}

/** Makes a folder; Node's own recursive way never ends in a folder that refuses it, such as /proc. */
function makeFolder(folder: string): void {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Makes the lock file, unless it is there and must be looked at again. */
function tryToLock(lock: string): boolean {
  const own = String(process.pid);
  const isMade = makeFile(lock, own);
  const holder = ifThere(() => readFileSync(lock, 'utf8'));
  // Whoever looked between the making and the writing took the file for a dead run's.
  if (isMade || holder === undefined) return holder === own;
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
