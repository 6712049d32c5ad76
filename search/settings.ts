/*
 * What decides a trial? Its settings, as JSON, checked before anything is touched.
 */
import Ajv, { type ErrorObject, type SchemaObject } from 'ajv';
import type { ArchitectureName, ClassifierTrainingOptions } from 'digit-recognizer';
import { architectures, precisions } from '../scripts/arguments';

/** What a trial is trained with; what is left out is as in the recipe of the architecture. */
export interface TrialSettings extends Pick<
  ClassifierTrainingOptions,
  | 'augmentation'
  | 'averageDecay'
  | 'batchSize'
  | 'labelSmoothing'
  | 'precision'
  | 'schedule'
  | 'weightDecay'
> {
  readonly architecture: ArchitectureName;
  readonly epochs: number;
  /** Step size of Adam at the start, or the peak of a schedule. */
  readonly learningRate?: number;
  /** Share that is dropped before the last layer; blocks drop half of it, as source B's do. */
  readonly dropout?: number;
  /** Seed of weights, order, dropout and augmentation. @default 42 */
  readonly seed?: number;
  /** At most so many training digits. @default all */
  readonly limit?: number;
}

/** The networks that have dropout. */
export const architecturesWithDropout = [
  'regularized-cnn',
  'deeper-cnn',
] as const satisfies readonly ArchitectureName[];

/** Settings, a search or a space are not what they have to be; the message says what and where. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** It keeps what it has compiled. Its strict mode asks for a type beside each enum, and is off. */
const ajv = new Ajv({ verbose: true, strict: false, strictNumbers: true, allErrors: true });

const share = {
  type: 'number',
  minimum: 0,
  exclusiveMaximum: 1,
  description: 'a number from 0 to below 1',
};
const count = { type: 'integer', minimum: 1, description: 'a whole number from 1' };
const upTo = (maximum: number) => ({
  ...{ type: 'number', minimum: 0, maximum },
  description: `a number from 0 to ${maximum}`,
});
const oneOf = (...names: string[]) => ({ enum: names, description: `one of ${names.join(', ')}` });
const group = (properties: Record<string, SchemaObject>, required: string[] = []) => ({
  ...{ type: 'object', additionalProperties: false, properties, required },
  description: `an object with ${Object.keys(properties).join(', ')}`,
});

/** JSON schemas of the settings, each with what it expects as its description. */
export const settingSchemas: Readonly<Record<keyof TrialSettings, SchemaObject>> = {
  architecture: oneOf(...architectures),
  epochs: count,
  learningRate: { type: 'number', exclusiveMinimum: 0, description: 'a number above 0' },
  batchSize: count,
  dropout: share,
  schedule: group(
    {
      kind: oneOf('constant', 'cosine', 'one-cycle'),
      warmUpSteps: { type: 'integer', minimum: 0, description: 'a whole number from 0' },
    },
    ['kind'],
  ),
  augmentation: group({
    rotation: upTo(180),
    shift: upTo(0.5),
    zoom: upTo(0.5),
    shear: upTo(45),
  }),
  weightDecay: { type: 'number', minimum: 0, description: 'a number from 0' },
  averageDecay: share,
  labelSmoothing: share,
  precision: oneOf(...precisions),
  seed: { type: 'integer', description: 'a whole number' },
  limit: { type: 'integer', minimum: 10, description: 'a whole number from 10' },
};

const settingsSchema = group(settingSchemas, ['architecture', 'epochs']);

/**
 * Refuses settings that there are not, of another type, or out of range.
 *
 * @param where - What they are, for the error message.
 * @throws SettingsError that says what is wrong.
 */
export function checkSettings(settings: unknown, where = 'settings'): TrialSettings {
  check(settingsSchema, settings, where);
  const checked = settings as TrialSettings;
  if (checked.dropout !== undefined) requireDropout(checked.architecture, where);
  return checked;
}

/** Refuses a network without dropout where it is to be set. */
function requireDropout(architecture: ArchitectureName, where: string): void {
  if (architecturesWithDropout.some((name) => name === architecture)) return;
  throw new SettingsError(
    `${where}.dropout is given, but ${architecture} has no dropout; expected the architecture ` +
      `${architecturesWithDropout.join(' or ')}. Leave dropout out, or take one of these`,
  );
}

/**
 * Refuses a value that does not fit a JSON schema, in which every part has a description of what it
 * expects.
 *
 * @param where - What the value is, for the error message.
 * @throws SettingsError that says what is wrong first.
 */
export function check(schema: SchemaObject, value: unknown, where: string): void {
  const validate = ajv.compile(schema);
  if (validate(value)) return;
  const errors = validate.errors!;
  // A name that is misspelt is unknown, and another is missing: the first tells more.
  const first = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0];
  throw new SettingsError(inWords(first, where));
}

function inWords(error: ErrorObject, where: string): string {
  const { keyword, params, data, parentSchema } = error;
  const place = `${where}${error.instancePath.replaceAll(/\/(\d+)/g, '[$1]').replaceAll('/', '.')}`;
  if (keyword === 'additionalProperties') {
    const known = Object.keys(parentSchema!.properties).join(', ');
    return `${place} has ${params.additionalProperty}, which is unknown; expected ${known}`;
  }
  if (keyword === 'required') {
    const { description } = parentSchema!.properties[params.missingProperty];
    return `${place} has no ${params.missingProperty}; expected ${description}`;
  }
  // JSON has no infinity, which it reads from 1e999.
  const found = typeof data === 'number' ? data : JSON.stringify(data);
  return `${place} is ${found}; expected ${parentSchema!.description}`;
}
