/*
 * Which settings does a search try? A space: a JSON file, checked before anything is started.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  check,
  checkSettings,
  settingSchemas,
  SettingsError,
  type TrialSettings,
} from './settings';

/** A value of a setting that is no group of others. */
export type Value = number | string;

/** Where the values of a setting that is searched come from. */
export type Domain =
  | { readonly oneOf: readonly Value[] }
  | { readonly from: number; readonly to: number; readonly scale?: 'log'; readonly whole: boolean };

/** What is searched, and how. */
export interface Space {
  /** The name of its file. */
  readonly name: string;
  readonly purpose: string;
  /** Whether Optuna proposes the settings, or every combination is tried once. */
  readonly sampling: 'optuna' | 'grid';
  /** Whether ASHA stops trials that do worse than others, or all are trained to their end. */
  readonly stopping: 'asha' | 'none';
  /** Epochs that ASHA lets every trial have. @default 1 */
  readonly gracePeriod?: number;
  /** The settings that all trials share, and with a dot in their names those of groups. */
  readonly fixed: Readonly<Record<string, Value>>;
  /** The settings that are searched. */
  readonly domains: Readonly<Record<string, Domain>>;
}

const oneOf = (...names: string[]) => ({ enum: names, description: `"${names.join('" or "')}"` });
const anyNumber = { type: 'number', description: 'a number' };

/** More than anyone trains. */
const mostCombinations = 10_000;

const spaceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['purpose', 'sampling', 'stopping', 'settings'],
  description: 'an object with purpose, sampling, stopping and settings',
  properties: {
    purpose: { type: 'string', description: 'a sentence' },
    sampling: oneOf('optuna', 'grid'),
    stopping: oneOf('asha', 'none'),
    gracePeriod: { type: 'integer', minimum: 1, description: 'a whole number from 1' },
    settings: { type: 'object', description: 'an object with the settings of a trial' },
  },
};

const choiceSchema = {
  type: 'object',
  additionalProperties: false,
  description: '{ "oneOf": [...] }',
  properties: {
    oneOf: {
      ...{ type: 'array', minItems: 1, uniqueItems: true },
      description: 'an array of one or more values, each once',
    },
  },
};

const rangeSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  description: '{ "from": ..., "to": ... }',
  properties: { from: anyNumber, to: anyNumber, scale: oneOf('log') },
};

/**
 * Reads a space.
 *
 * @throws SettingsError that says what is wrong in the file, or that it cannot be read.
 */
export function readSpace(file: string): Space {
  let parsed: unknown;
  try {
    // Editors on Windows begin a file with a mark of its encoding.
    parsed = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new SettingsError(
      `${file} cannot be read as a space: ${(error as Error).message}. Give a JSON file such as ` +
        'search/spaces/source-b.json',
    );
  }
  try {
    return checkSpace(parsed, path.basename(file, '.json'));
  } catch (error) {
    throw new SettingsError(`${file}: ${(error as Error).message}`);
  }
}

/**
 * Checks a space.
 *
 * @param name - For the error message and the record.
 * @throws SettingsError that says what is wrong.
 */
export function checkSpace(parsed: unknown, name: string): Space {
  check(spaceSchema, parsed, name);
  type Parsed = Omit<Space, 'name' | 'fixed' | 'domains'> & { settings: object };
  const { settings, ...how } = parsed as Parsed;
  const fixed: Record<string, Value> = {};
  const domains: Record<string, Domain> = {};
  for (const { place, value, schema } of leavesOf(settings)) {
    const where = `${name}.settings.${place}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      domains[place] = domainOf(value, schema, where);
    } else {
      fixed[place] = value as Value;
    }
  }
  requireAllFit({ name, fixed, domains });
  if (Object.keys(domains).length === 0) {
    throw new SettingsError(
      `${name}.settings has nothing to search; expected one or more with { "oneOf": [...] } or ` +
        '{ "from": ..., "to": ... }',
    );
  }
  if ('epochs' in domains) {
    const { epochs } = settings as Record<string, unknown>;
    throw new SettingsError(
      `${name}.settings.epochs is ${JSON.stringify(epochs)}; expected a whole number from 1, ` +
        'since trials are compared epoch by epoch',
    );
  }
  const { stopping, gracePeriod = 1 } = how;
  if (gracePeriod > 1 && (stopping === 'none' || gracePeriod >= Number(fixed.epochs))) {
    throw new SettingsError(
      `${name}.gracePeriod is ${gracePeriod}, with stopping "${stopping}" and ${fixed.epochs} epochs; ` +
        'expected fewer than the epochs, and a stopping of "asha"',
    );
  }
  const space = { name, ...how, fixed, domains };
  if (space.sampling === 'grid') requireGrid(space);
  return space;
}

/** All combinations of a space whose settings are all of a few values, first to last. */
export function combinationsOf({ domains }: Space): Record<string, Value>[] {
  return Object.entries(domains).reduce<Record<string, Value>[]>(
    (combinations, [name, domain]) =>
      combinations.flatMap((combination) =>
        valuesOf(domain).map((value) => ({ ...combination, [name]: value })),
      ),
    [{}],
  );
}

/** Gives settings whose names have dots their groups, as a trial takes them. */
export function nested(flat: Readonly<Record<string, Value>>): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [place, value] of Object.entries(flat)) {
    const [name, inner] = place.split('.');
    settings[name] = inner ? { ...(settings[name] as object), [inner]: value } : value;
  }
  return settings;
}

/** Each setting with its place and the schema of a value; what is unknown is refused later. */
function leavesOf(settings: object) {
  return Object.entries(settings).flatMap(([name, value]) => {
    const schema = settingSchemas[name as keyof TrialSettings];
    if (schema?.type !== 'object' || typeof value !== 'object' || value === null) {
      return [{ place: name, value, schema }];
    }
    return Object.entries(value as object).map(([inner, it]) => {
      return { place: `${name}.${inner}`, value: it as unknown, schema: schema.properties[inner] };
    });
  });
}

function domainOf(value: object, schema: { type?: string } | undefined, where: string): Domain {
  if ('oneOf' in value) {
    check(choiceSchema, value, where);
    return value as Domain;
  }
  check(rangeSchema, value, where);
  const { from, to, scale } = value as { from: number; to: number; scale?: 'log' };
  if (!(from < to)) {
    throw new SettingsError(`${where} goes from ${from} to ${to}; expected from below to`);
  }
  if (scale === 'log' && from <= 0) {
    throw new SettingsError(
      `${where}.from is ${from}; expected a number above 0 on a scale of log`,
    );
  }
  return { from, to, scale, whole: schema?.type === 'integer' };
}

/** Checks every value that a setting can have, in settings where the others have one of theirs. */
function requireAllFit({ name, fixed, domains }: Pick<Space, 'name' | 'fixed' | 'domains'>): void {
  const first = Object.fromEntries(
    Object.entries(domains).map(([place, domain]) => [place, valuesOf(domain)[0]]),
  );
  const where = `${name}.settings`;
  checkSettings(nested({ ...fixed, ...first }), where);
  for (const [place, domain] of Object.entries(domains)) {
    for (const value of valuesOf(domain)) {
      checkSettings(nested({ ...fixed, ...first, [place]: value }), where);
    }
  }
}

function requireGrid({ name, domains }: Space): void {
  const range = Object.keys(domains).find((place) => !('oneOf' in domains[place]));
  if (range !== undefined) {
    throw new SettingsError(
      `${name}.settings.${range} is a range, of which there is no grid; expected { "oneOf": [...] }, ` +
        'or a sampling of "optuna"',
    );
  }
  // Counted before it is built, which would end at the memory's limit.
  const count = Object.values(domains).reduce((all, domain) => all * valuesOf(domain).length, 1);
  if (count <= mostCombinations) return;
  throw new SettingsError(
    `${name}.settings has a grid of ${count} combinations; expected at most ${mostCombinations}. ` +
      'Leave out values, or give a sampling of "optuna"',
  );
}

/** The values of a choice, or both ends of a range. */
function valuesOf(domain: Domain): readonly Value[] {
  return 'oneOf' in domain ? domain.oneOf : [domain.from, domain.to];
}
