/**
 * Writes a number with a comma between thousands, such as `54,000`.
 *
 * @param decimals - Digits after the point. @default 0
 */
export function thousands(value: number, decimals = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/**
 * Refuses a number that is not whole or not in its range.
 *
 * @param name - What the number is, for the error message.
 * @param least - The lowest number allowed.
 * @param most - The highest number allowed. @default none
 * @throws RangeError when `value` is anything else.
 */
export function requireWhole(name: string, value: number, least: number, most = Infinity): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    const range = most === Infinity ? `${least}` : `${least} to ${most}`;
    throw new RangeError(`${name} is ${shown(value)}; expected a whole number from ${range}`);
  }
}

/**
 * Refuses a number that is NaN, infinite or not in its range.
 *
 * @param name - What the number is, for the error message.
 * @param expected - The range in words, for the error message.
 * @param isInRange - Whether the number is in its range. @default true
 * @throws RangeError when `value` is anything else.
 */
export function requireNumber(
  name: string,
  value: number,
  expected: string,
  isInRange = true,
): void {
  if (!Number.isFinite(value) || !isInRange) {
    throw new RangeError(`${name} is ${shown(value)}; expected ${expected}`);
  }
}

/**
 * Refuses names of options that there are not, as a typing error makes them.
 *
 * @param caller - What has the options, for the error message.
 * @param known - The names that there are.
 * @throws TypeError that names the first unknown one and those that there are.
 */
export function requireKnown(caller: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${caller} has no option ${unknown}; expected one of ${known.join(', ')}`);
}

/**
 * Refuses a value without the parts that it is used for, such as a promise that nobody awaited.
 *
 * @param name - What the value is, for the error message.
 * @param parts - Names of what it has to have.
 * @param expected - What it should be, in words.
 * @throws TypeError that says which part is missing.
 */
export function requireParts(
  name: string,
  value: unknown,
  parts: readonly string[],
  expected: string,
): void {
  if (value instanceof Promise) throw new TypeError(`${name} is a promise; await it first`);
  const found = value as Readonly<Record<string, unknown>> | undefined | null;
  const isThere = found !== undefined && found !== null;
  const missing = parts.find((part) => found?.[part] === undefined);
  if (isThere && missing === undefined) return;
  const what = isThere ? `has no ${missing}` : `is ${found}`;
  throw new TypeError(`${name} ${what}; expected ${expected}`);
}

/** Writes a value so that a text is told from a number. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Rounds to so many digits after the point, for a figure that need not carry more. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/**
 * Writes a share from 0 to 1 in percent, such as `97.31 %`.
 *
 * @param decimals - Digits after the point. @default 2
 */
export function percent(share: number, decimals = 2): string {
  return `${(100 * share).toFixed(decimals)} %`;
}
