// What is up to date? A stamp is a small file beside what a step made, written last. It holds a
// fingerprint of what went in and the paths of what came out, so that a step runs again when the
// one differs or one of the others is gone, and after it was interrupted.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** SHA-256 over the given texts, in hexadecimal. */
export function fingerprint(texts) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex');
}

/** The stamp in `file` when it has this fingerprint and all its outputs exist, or else undefined. */
export function currentStamp(file, inputs) {
  let stamp;
  try {
    stamp = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  const isCurrent =
    stamp.inputs === inputs &&
    stamp.outputs.every((output) => existsSync(resolve(dirname(file), output)));
  return isCurrent ? stamp : undefined;
}

/** Writes `{inputs, outputs, ...}` in one go; outputs are paths relative to the stamp's folder. */
export function writeStamp(file, stamp) {
  writeFileAtomically(file, JSON.stringify(stamp));
  return stamp;
}

/** Writes a file under a temporary name first, so that nobody ever reads half of it. */
export function writeFileAtomically(file, text) {
  // Of a name that no process has, here or on another machine that shares the folder.
  const temporary = `${file}.${randomUUID()}.tmp`;
  writeFileSync(temporary, text, { flag: 'wx', flush: true });
  renameSync(temporary, file);
}
