/*
 * Whose is the folder of a search, and which search is in it?
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { lockFolder, OutputFolderError } from '../scripts/runFolder';
import type { SearchOptions } from './record';
import { SettingsError } from './settings';
import type { Space } from './space';

/** Name of the file that says which search a folder is of. */
export const searchFile = 'search.json';

/** Name of the file with every trial, which a search that has ended leaves. */
export const trialsFile = 'trials.json';

/** Names in the folder of a search of what is needed until it ends. */
export const passing = { storage: 'storage', rungs: 'rungs.pickle', lock: 'run.lock' } as const;

/** A search with all that decides what it gives. */
export interface Search {
  readonly space: Space;
  readonly options: SearchOptions;
}

/**
 * Takes a folder for this search alone: a new or an empty one, or to go on that of the same search.
 *
 * @param asked.named - The options that are asked for by name; the others are as they were.
 * @returns The search, on resuming as it began.
 * @throws OutputFolderError when the folder has anything else, or nothing to go on with.
 * @throws SettingsError when it has another search.
 */
export async function claimSearch(
  folder: string,
  asked: Search & { readonly named: readonly (keyof SearchOptions)[]; readonly resume: boolean },
): Promise<Search> {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new OutputFolderError(
      `${folder} is a file; expected a folder. Give another --output, or move that file`,
    );
  }
  const file = path.join(folder, searchFile);
  const begun = existsSync(file) ? readSearch(file) : undefined;
  if (existsSync(path.join(folder, trialsFile)) && begun !== undefined) {
    throw new OutputFolderError(
      `${folder} has a search that has ended. Give another --output, or move what is there`,
    );
  }
  if (asked.resume) {
    if (begun === undefined) {
      throw new OutputFolderError(
        `${folder} has no ${searchFile}, so there is nothing to go on with. Leave out --resume, or ` +
          'give the --output of the unfinished search',
      );
    }
    requireSame(begun, asked, file);
    lockFolder(folder);
    return begun;
  }
  if (begun !== undefined) {
    throw new OutputFolderError(
      `${folder} has an unfinished search. Add --resume to go on with it, or give another --output`,
    );
  }
  const found = existsSync(folder) ? readdirSync(folder).filter((it) => it !== passing.lock) : [];
  if (found.length > 0) {
    throw new OutputFolderError(
      `${folder} has ${found[0]}, which no search wrote. Give a new or an empty folder`,
    );
  }
  lockFolder(folder);
  const { space, options } = asked;
  // Loaded only now, since TensorFlow takes seconds, which a refusal need not.
  const { writeFileWhole } = await import('digit-recognizer');
  await writeFileWhole(file, `${JSON.stringify({ space, options }, null, 2)}\n`);
  return { space, options };
}

function readSearch(file: string): Search {
  try {
    const { space, options } = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof space?.name === 'string' && typeof options?.samples === 'number') {
      return { space, options };
    }
    throw new Error('it has no space and options');
  } catch (error) {
    throw new OutputFolderError(
      `${file} is no record of a search: ${(error as Error).message}. Give another --output, or move it`,
    );
  }
}

function requireSame(
  begun: Search,
  asked: Search & { readonly named: readonly (keyof SearchOptions)[] },
  file: string,
): void {
  const refuse = (what: string, was: unknown, is: unknown) => {
    return new SettingsError(
      `${file} is of a search with other settings: ${what} was ${JSON.stringify(was)} and is ` +
        `${JSON.stringify(is)}. Give what it began with, or another --output for a new search`,
    );
  };
  const [was, is] = [begun.space, asked.space].map((space) => JSON.stringify(space));
  if (was !== is) throw refuse('the space', begun.space, asked.space);
  for (const name of asked.named) {
    if (begun.options[name] !== asked.options[name]) {
      throw refuse(name, begun.options[name], asked.options[name]);
    }
  }
}
