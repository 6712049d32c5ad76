import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file whole or not at all: under a temporary name beside it, synced to disk, then renamed.
 *
 * A symbolic link stays one, and the file that it leads to is written. What a killed process leaves
 * behind is the temporary file, which no other process takes for its own.
 *
 * @param file - Where to; missing folders are made, an existing file is replaced.
 * @param contents - Text or bytes.
 * @throws Error that names the file and the remedy when it cannot be written; the old file stays.
 */
export async function writeFileWhole(file: string, contents: string | Uint8Array): Promise<void> {
  let temporary: string | undefined;
  try {
    await makeFolder(path.dirname(file));
    const target = await realpath(file).catch((error) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return file;
      throw error;
    });
    // Beside the target, since only a rename within one file system is atomic.
    temporary = temporaryName(target);
    // A rename may reach the disk before what it renames, and leave an empty file after a power cut.
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncFolder(path.dirname(target));
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
    throw writingError(file, error);
  }
}

/**
 * Makes a folder with those above it, where they are missing. Node's own recursive way never ends in
 * a folder that refuses it, such as /proc.
 *
 * @throws Error of the system where it cannot be made.
 */
async function makeFolder(folder: string): Promise<void> {
  const isFolder = async () => (await stat(folder).catch(() => undefined))?.isDirectory();
  if (await isFolder()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder).catch(async (error) => {
    if (!(await isFolder())) throw error;
  });
}

/** Removes what a killed {@link writeFileWhole} has left half-written in a folder; nothing else. */
export async function removePartialFiles(folder: string): Promise<void> {
  const partial = /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/;
  for (const name of await readdir(folder)) {
    if (partial.test(name)) await rm(path.join(folder, name), { force: true });
  }
}

/** Gives the SHA-256 of contents, as 64 hexadecimal digits in lower case. */
export function sha256(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

/** A name that no other process has, here or on another machine that shares the folder. */
function temporaryName(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}.partial`);
}

/** Syncs the names in a folder, where the system can; the file itself is safe without it. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows and some network disks have no such thing.
  }
}

function writingError(target: string, cause: unknown): Error {
  const reason = (cause as Error).message;
  return new Error(
    `cannot write ${target}: ${reason}. What was there before is unchanged; check that the folder ` +
      'can be written and the disk has room',
    { cause },
  );
}
