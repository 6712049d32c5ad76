/*
 * Names come from users: they may hold what Plotly takes for tags, entities, formulas or templates,
 * and may be far longer than a tick or a caption has room for.
 */
import { requireCounts } from '../metrics/metrics';

/**
 * Writes a text so that Plotly draws its very letters: no tags (`<b>`), entities (`&amp;`), formulas
 * (`$x$`), templates (`%{x}`) or line breaks come of it.
 *
 * @throws TypeError when it is no text.
 */
export function escapeMarkup(text: string): string {
  requireText(text);
  return text
    .replace(/[&<>$]|%(?=\{)/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\s+/g, ' ');
}

/** Escapes text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Cuts a text that is too long in its middle, since names often differ only at one of their ends.
 *
 * @param width - Room in letters, from 3; letters such as Chinese ones take two.
 * @example shorten('a black cat and a dog', 11) // 'a blac… dog'
 */
export function shorten(text: string, width: number): string {
  const letters = lettersOf(text);
  if (widthOf(text) <= width) return text;
  const tail = take(letters.slice().reverse(), (width - 1) * 0.4).reverse();
  const head = take(letters, width - 1 - widthOf(tail.join('')));
  return `${head.join('')}…${tail.join('')}`;
}

/**
 * Breaks a text into lines, at spaces where there are some; what is too much for the last is cut.
 *
 * @param width - Room of a line in letters, from 3.
 * @param mostLines - How many lines there may be, from 1.
 * @throws TypeError when it is no text.
 */
export function wrap(text: string, width: number, mostLines: number): string[] {
  requireText(text);
  const lines: string[] = [];
  let rest = text.trim();
  while (widthOf(rest) > width && lines.length < mostLines - 1) {
    const fitting = take(lettersOf(rest), width).join('');
    // A word that ends just at the end of the line is whole.
    const space = `${fitting}${rest.slice(fitting.length, fitting.length + 1)}`.lastIndexOf(' ');
    const end = space > 0 ? space : fitting.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, shorten(rest, width)];
}

/** Gives the room that a text takes, in letters; letters such as Chinese ones take two. */
export function widthOf(text: string): number {
  return lettersOf(text).reduce((sum, letter) => sum + widthOfLetter(letter), 0);
}

/**
 * Refuses names that are not one for each class.
 *
 * @param classCount - How many classes there are.
 * @throws RangeError when there are fewer or more names, none at all, or one that is no text.
 */
export function requireClassNames(classNames: readonly string[], classCount: number): void {
  if (classNames.length !== classCount || classCount === 0) {
    const expected =
      classCount === 0 ? 'at least one class' : `one for each of ${classCount} classes`;
    throw new RangeError(`classNames has ${classNames.length} names; expected ${expected}`);
  }
  const index = classNames.findIndex((name) => typeof name !== 'string');
  if (index >= 0) {
    throw new RangeError(`classNames[${index}] is ${classNames[index]}; expected a text`);
  }
}

/**
 * Refuses what is no confusion matrix with a name for each class.
 *
 * @param counts - Rows are the truth, columns the guess, in images.
 * @throws RangeError that names the row, the count or the names.
 */
export function requireMatrix(
  counts: readonly (readonly number[])[],
  classNames: readonly string[],
): void {
  requireCounts(counts, 'counts');
  requireClassNames(classNames, counts.length);
}

/**
 * Refuses a class that has no name.
 *
 * @param where - What names the class, for the error message, such as `labels[7]`.
 * @throws RangeError when `label` is not a whole number from 0 to the last name's.
 */
export function requireNamed(where: string, label: number, classNames: readonly string[]): void {
  if (classNames[label] !== undefined) return;
  throw new RangeError(
    `${where} is ${label}, but classNames has ${classNames.length} names; ` +
      `expected a whole number from 0 to ${classNames.length - 1}, or a name for every class`,
  );
}

function requireText(text: string): void {
  if (typeof text === 'string') return;
  throw new TypeError(`a title or name in the figure is ${text}; expected a text`);
}

const segmenter = new Intl.Segmenter();

/** Letters as they are seen, so that no cut goes through one. */
function lettersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOfLetter(letter: string): number {
  return /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Extended_Pictographic}/u.test(
    letter,
  )
    ? 2
    : 1;
}

/** The first letters that fit into a width. */
function take(letters: readonly string[], width: number): string[] {
  let used = 0;
  const end = letters.findIndex((letter) => (used += widthOfLetter(letter)) > width);
  return letters.slice(0, end < 0 ? letters.length : end);
}
