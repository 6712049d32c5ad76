/*
 * What do the arguments of a command line mean? Each function gives a value, or commander's error.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { ArchitectureName, TrainingOptions } from 'digit-recognizer';
import { logLevels } from './log';

/** The network that reads pictures where none is named: that of report 04, for other hands. */
export const committedModel = path.resolve(
  __dirname,
  '../results/04-other-hands/handwriting/varied-handwriting-42',
);

/** The names that MnistClassifier takes; its file would load TensorFlow, even for --help. */
export const architectures = Object.keys({
  baseline: true,
  'simple-cnn': true,
  'regularized-cnn': true,
  'deeper-cnn': true,
  'residual-cnn': true,
  'tiny-cnn': true,
  'fast-cnn': true,
} satisfies Record<ArchitectureName, true>) as ArchitectureName[];

/** What a training can compute in. */
export const precisions = ['float32', 'bfloat16'] as const satisfies readonly NonNullable<
  TrainingOptions['precision']
>[];

/** A whole number from 1. */
export function wholeNumber(text: string): number {
  return parsed(text, (value) => Number.isInteger(value) && value >= 1, 'a whole number from 1');
}

/** A whole number from 10, which leaves digits to train on. */
export function digitCount(text: string): number {
  return parsed(text, (value) => Number.isInteger(value) && value >= 10, 'a whole number from 10');
}

/** A share above 0 and below 1. */
export function share(text: string): number {
  return parsed(text, (value) => value > 0 && value < 1, 'a number above 0 and below 1');
}

/** A number above 0. */
export function rate(text: string): number {
  return parsed(text, (value) => value > 0, 'a number above 0');
}

export function anyNumber(text: string): number {
  return parsed(text, () => true, 'a number');
}

function parsed(text: string, isRight: (value: number) => boolean, expected: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value) && isRight(value)) return value;
  throw new InvalidArgumentError(`Expected ${expected}.`);
}

/** A port, 0 for any that is free. */
export function portNumber(text: string): number {
  return parsed(
    text,
    (value) => Number.isInteger(value) && value >= 0 && value <= 65535,
    'a whole number from 0 to 65535',
  );
}

/** The path of a folder that there is. */
export function existingFolder(text: string): string {
  const folder = givenPath(text);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new InvalidArgumentError('Expected a folder that exists.');
}

/** A path; an empty text, as an unset variable gives, would be the folder of package.json. */
export function givenPath(text: string): string {
  if (text.trim() !== '') return fromHere(text);
  throw new InvalidArgumentError('Expected a path.');
}

/** A path as the user meant it: npm runs scripts in the folder of package.json. */
export function fromHere(place: string): string {
  return path.resolve(process.env.INIT_CWD ?? '.', place);
}

/** Options that trainings share. */
export const commonOptions = {
  limit: new Option('--limit <n>', 'for a quick run: at most so many training digits').argParser(
    digitCount,
  ),
  data: new Option(
    '--data <folder>',
    "folder with MNIST's four files (default: MNIST_DIR, or a download into data/)",
  ).argParser(existingFolder),
  logLevel: new Option('--log-level <level>', 'what stderr gets to know')
    .choices(logLevels)
    .default('info'),
} as const;
