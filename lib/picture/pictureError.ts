/** A file or bytes in which no digit can be seen; the message says what was found and what to do. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** Makes the error of a picture: what is wrong with it and what to do. */
export function problem(
  name: string,
  found: string,
  expected: string,
  remedy: string,
  cause?: unknown,
) {
  return new PictureError(`${name}: found ${found}; expected ${expected}. ${remedy}`, { cause });
}

export function blank(name: string, found: string): PictureError {
  const remedy =
    'Use a picture with more contrast, or cut out the digit with some paper around it.';
  return problem(name, found, 'a digit in another tone than the paper', remedy);
}
