import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file whole or not at all: under a temporary name beside it, then renamed.
 *
 * @param file - Where to; missing folders are made, an existing file is replaced.
 * @param contents - Text or bytes.
 * @throws Error that names the file and the remedy when it cannot be written; the old file stays.
 */
export async function writeFileWhole(file: string, contents: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(temporary, contents);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writingError(file, error);
  }
}

/**
 * Writes a folder of files whole or not at all: under a temporary name beside it, then renamed.
 *
 * @param folder - Where to; an existing folder is replaced once the new one is complete.
 * @param files - Contents by file name.
 * @throws Error that names the folder and the remedy when it cannot be written; the old one stays.
 */
export async function writeFolderWhole(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const temporary = temporaryName(folder);
  const replaced = `${temporary}-replaced`;
  try {
    await mkdir(temporary, { recursive: true });
    for (const [name, contents] of Object.entries(files)) {
      await writeFile(path.join(temporary, name), contents);
    }
    // A folder cannot be renamed over one that has files, so the old one steps aside first.
    const hadFolder = existsSync(folder);
    if (hadFolder) await rename(folder, replaced);
    await rename(temporary, folder).catch(async (error) => {
      if (hadFolder) await rename(replaced, folder);
      throw error;
    });
    await rm(replaced, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw writingError(folder, error);
  }
}

/**
 * Brings back a folder whose replacement by {@link writeFolderWhole} was cut off, as by a kill,
 * between the two renames that it needs; a folder that is there stays as it is.
 *
 * @param folder - The folder that may be missing.
 */
export async function recoverFolder(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  if (existsSync(folder) || !existsSync(parent)) {
    return;
  }
  const aside = (await readdir(parent)).find(
    (name) => name.startsWith(`.${path.basename(folder)}.`) && name.endsWith('-replaced'),
  );
  if (aside !== undefined) await rename(path.join(parent, aside), folder);
}

/** Gives the SHA-256 by which one knows contents again, as 64 hexadecimal digits in lower case. */
export function sha256(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

/** Beside the target, since only a rename within one file system is atomic. */
function temporaryName(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.partial`);
}

function writingError(target: string, cause: unknown): Error {
  const reason = (cause as Error).message;
  return new Error(
    `cannot write ${target}: ${reason}. What was there before is unchanged; check that the folder ` +
      'can be written and the disk has room',
    { cause },
  );
}
