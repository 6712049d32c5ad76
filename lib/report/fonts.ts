import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Letters beyond the Latin, Greek and Cyrillic ones and the signs that kaleido's own fonts have. */
const rareLetters = /[^\p{ASCII}\u0080-\u052f\u1e00-\u22ff\u2500-\u25ff\p{Mark}]/gu;

/** Debian's packages of fonts by what they are for; the last is for all the rest. */
const packages: readonly [letters: RegExp, name: string][] = [
  [/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u, 'fonts-noto-cjk'],
  [/\p{Extended_Pictographic}/u, 'fonts-noto-color-emoji'],
  [/./u, 'fonts-noto-core'],
];

/** Letters looked up for one figure; a class name or two tell what is missing. */
const mostLookups = 20;

const known = new Map<string, boolean>();

/**
 * Says which letters no font here has, which a renderer would draw as boxes, and which packages help.
 *
 * Fontconfig's `fc-list` is asked; where it is not installed, every letter beyond the common ones is
 * taken as missing.
 *
 * @param text - All that is to be drawn, in any form.
 * @param environment - The renderer's environment variables, which tell fontconfig of its fonts.
 * @returns A sentence; nothing, where all letters can be drawn.
 */
export async function missingFonts(
  text: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const letters = [...new Set(text.match(rareLetters))].slice(0, mostLookups);
  const found = await Promise.all(letters.map((letter) => hasFont(letter, environment)));
  const missing = letters.filter((_, index) => !found[index]);
  if (missing.length === 0) return undefined;
  const names = missing.map((letter) => packages.find(([kind]) => kind.test(letter))?.[1]);
  return (
    `no font was found for ${missing.join(' ')}, so that they become boxes in the PNG. Install ` +
    `${[...new Set(names)].join(' and ')} (as Debian and Ubuntu call them), and start anew`
  );
}

async function hasFont(letter: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const code = (letter.codePointAt(0) as number).toString(16);
  let has = known.get(code);
  if (has === undefined) {
    const pattern = [`:charset=${code}`, 'file'];
    has = await promisify(execFile)('fc-list', pattern, { env: environment }).then(
      ({ stdout }) => stdout.trim() !== '',
      () => false,
    );
    known.set(code, has);
  }
  return has;
}
