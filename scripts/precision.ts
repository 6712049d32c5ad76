import { availablePrecision, type Precision } from 'digit-recognizer/engine';

/**
 * Refuses a precision that this processor has no instructions for: a training would compute in 32 bits
 * then, and its record would tell of 16.
 *
 * @param name - What it is, for the error message.
 * @param infoOfProcessor - Gives the processor's flags. @default those of this machine
 * @throws RangeError that says what was expected.
 */
export function requirePrecision(
  name: string,
  precision: Precision,
  infoOfProcessor?: () => string,
): void {
  if (availablePrecision(precision, infoOfProcessor) === precision) return;
  throw new RangeError(
    `${name} is ${precision}, which this processor cannot compute in; expected float32 here, or ` +
      'another machine',
  );
}
