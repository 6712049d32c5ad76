/*
 * Which folder may a conversion write, and how is it replaced whole?
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { OutputFolderError } from '../scripts/runFolder';
import type { FormatName } from './formats';

/** Name of the file beside every format that tells what it is, and which files are the conversion's. */
export const recordFile = 'conversion.json';

/** A file of a conversion. */
export interface ConvertedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Refuses a folder that holds anything but what an earlier conversion to the same format wrote.
 *
 * @throws OutputFolderError that says what is in the way.
 */
export function requireFreeFolder(folder: string, format: FormatName): void {
  const refuse = (what: string) => {
    return new OutputFolderError(`${folder} ${what}. Give a new or an empty folder`);
  };
  const entry = lstatSync(folder, { throwIfNoEntry: false });
  if (entry === undefined) return;
  if (!entry.isDirectory()) throw refuse('is a file or a link; expected a folder, or none yet');
  if (readdirSync(folder).length === 0) return;
  const written = readRecord(folder);
  if (written === undefined) {
    throw refuse(`has ${readdirSync(folder)[0]}, which no conversion wrote`);
  }
  if (written.format !== format) throw refuse(`holds a conversion to ${written.format}`);
  for (const [name, { sha256 }] of Object.entries(listFiles(folder))) {
    if (name === recordFile || sha256 === written.files[name]?.sha256) continue;
    throw refuse(`has ${name}, which is not as a conversion left it`);
  }
}

/** Milliseconds after which a temporary folder is of a conversion that was killed: a day. */
const leftAfter = 24 * 3_600_000;

/**
 * Makes a folder beside the one that is to be written, under a name that no other process has, and
 * removes those that killed conversions to the same one have left more than a day ago.
 *
 * @throws OutputFolderError when it cannot be made.
 */
export function makeTemporaryFolder(folder: string): string {
  const place = path.dirname(folder);
  const nameOf = (id: string) => `.${path.basename(folder)}.${id}.partial`;
  const temporary = path.join(place, nameOf(randomUUID()));
  try {
    mkdirSync(temporary, { recursive: true });
    for (const name of readdirSync(place)) {
      const [id = ''] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\.partial$)/.exec(name) ?? [];
      const found = path.join(place, name);
      if (name !== nameOf(id) || Date.now() - statSync(found).mtimeMs < leftAfter) continue;
      rmSync(found, { recursive: true, force: true });
    }
  } catch (error) {
    throw new OutputFolderError(
      `cannot write in ${path.dirname(folder)}: ${(error as Error).message}. Give a folder that ` +
        'can be made',
    );
  }
  return temporary;
}

/** Puts a finished folder in the place of another one, or of none, after all of it is on the disk. */
export function replaceFolder(finished: string, folder: string): void {
  for (const name of ['.', ...readdirSync(finished, { recursive: true, encoding: 'utf8' })]) {
    const descriptor = openSync(path.join(finished, name), 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
  const old = `${finished}.old`;
  const isThere = existsSync(folder);
  if (isThere) renameSync(folder, old);
  try {
    renameSync(finished, folder);
  } catch (error) {
    if (isThere) renameSync(old, folder);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

/** Gives size and SHA-256 of all files in a folder, by their paths in it. */
export function listFiles(folder: string): Record<string, ConvertedFile> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => !statOf(folder, name)?.isDirectory());
  return Object.fromEntries(
    files.map((name) => {
      // A link that leads nowhere is nobody's file of ours.
      const contents = statOf(folder, name) ? readFileSync(path.join(folder, name)) : '';
      const sha256 = createHash('sha256').update(contents).digest('hex');
      return [name.split(path.sep).join('/'), { bytes: contents.length, sha256 }];
    }),
  );
}

function statOf(folder: string, name: string) {
  return statSync(path.join(folder, name), { throwIfNoEntry: false });
}

function readRecord(
  folder: string,
): { readonly format: string; readonly files: Record<string, ConvertedFile> } | undefined {
  try {
    const record = JSON.parse(readFileSync(path.join(folder, recordFile), 'utf8'));
    return typeof record.format === 'string' && record.files instanceof Object ? record : undefined;
  } catch {
    return undefined;
  }
}
