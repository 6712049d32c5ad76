import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** What MNIST's files are called by their publisher, training first, images first. */
export const idxNames = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

/** Name of one of MNIST's four files. */
export type IdxName = (typeof idxNames)[number];

/** A file that is named as one of the four. */
export interface NamedFile {
  readonly name: IdxName;
  readonly file: string;
  /** What stands before it, such as `emnist-digits-`, in lower case; mostly nothing. */
  readonly prefix: string;
}

/** The mark of a second download, as browsers set it: ` (1)`. */
const copyMark = String.raw`( ?\(\d+\))?`;
// MNIST and Fashion-MNIST say t10k where EMNIST says test; some copies have a dot before idx.
const pattern = new RegExp(
  String.raw`^(.+[-_])?(train|t10k|test)[-_](images|labels)[-_.]idx[13][-_.]ubyte` +
    String.raw`${copyMark}(\.gz)?${copyMark}$`,
  'i',
);

/**
 * Finds the files in a folder that are named as MNIST's four, as publishers, browsers and unpackers
 * write the names: raw or `.gz`, in any case, with a dot or a line before `idx`, with ` (1)`, or in a
 * folder of that name.
 *
 * @returns Those found, at most one a name and prefix: the name without a mark before one with it,
 *   raw before `.gz`, a file before one in a folder of its own.
 * @throws Error as `readdir` does when the folder cannot be read.
 */
export async function findIdxFiles(folder: string): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  const inFolders: NamedFile[] = [];
  const entries = (await readdir(folder)).filter((entry) => pattern.test(entry));
  for (const entry of entries.sort(byPreference)) {
    const file = path.join(folder, entry);
    if (await isFolder(file)) {
      const [inner] = (await readdir(file)).filter((it) => pattern.test(it)).sort(byPreference);
      const unpacked = path.join(file, inner ?? '');
      if (inner !== undefined && !(await isFolder(unpacked))) {
        inFolders.push({ ...meaningOf(inner), file: unpacked });
      }
    } else {
      files.push({ ...meaningOf(entry), file });
    }
  }
  const all = [...files, ...inFolders];
  return all.filter(
    ({ name, prefix }, at) =>
      at === all.findIndex((other) => other.name === name && other.prefix === prefix),
  );
}

/**
 * Says where a file that is missing may be: under another name in the folder, or in a folder below.
 *
 * @returns A sentence, with a blank before it; nothing, where nothing looks like it.
 */
export async function likelyPlace(folder: string, name: IdxName): Promise<string> {
  const below = await folderBelow(folder, 2);
  if (below !== undefined) return ` It is in ${below}: give that folder.`;
  const [part, kind] = name.split('-');
  const parts = part === 'train' ? /train/i : /t10k|test/i;
  const kinds = kind === 'images' ? /im(a)?g|idx3/i : /lab|lbl|idx1/i;
  const entries = (await readdir(folder)).sort();
  const alike = entries.find((entry) => parts.test(entry) && kinds.test(entry));
  return alike === undefined
    ? ''
    : ` ${alike}, which is there, may be it: unpack it where it is packed, and name it ${name}.`;

  async function folderBelow(above: string, depth: number): Promise<string | undefined> {
    const inside = (await readdir(above).catch(() => [])).sort();
    for (const entry of inside) {
      const lower = path.join(above, entry);
      if (!(await isFolder(lower))) continue;
      const found = await findIdxFiles(lower).catch(() => []);
      if (found.some((file) => file.name === name)) return lower;
      const deeper = depth > 1 ? await folderBelow(lower, depth - 1) : undefined;
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  }
}

function meaningOf(entry: string): Pick<NamedFile, 'name' | 'prefix'> {
  const [, prefix = '', part, kind] = (pattern.exec(entry) as RegExpExecArray).map((text) =>
    (text ?? '').toLowerCase(),
  );
  const start = `${part === 'train' ? 'train' : 't10k'}-${kind}`;
  return { name: idxNames.find((name) => name.startsWith(start)) as IdxName, prefix };
}

function byPreference(one: string, other: string): number {
  const marks = [one, other].map((entry) => Number(entry.includes('(')));
  return marks[0] - marks[1] || (one < other ? -1 : 1);
}

async function isFolder(file: string): Promise<boolean> {
  // A link that leads nowhere is no folder; reading it says what is wrong.
  return (await stat(file).catch(() => undefined))?.isDirectory() ?? false;
}
