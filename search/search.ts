/**
 * Searches settings with Ray Tune: `npm run search -- search/spaces/source-b.json`.
 *
 * Exit codes: 0 done, 1 failed, 2 bad arguments, 130 or 143 interrupted, with --resume to go on.
 */
import os from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { anyNumber, fromHere, givenPath, rate, wholeNumber } from '../scripts/arguments';
import { OutputFolderError } from '../scripts/runFolder';
import { stopOnSignals } from '../scripts/signals';
import { requireAnswer } from './address';
import { claimSearch } from './folder';
import { runProgram } from './program';
import { metricNames, type SearchOptions } from './record';
import { SettingsError } from './settings';
import { combinationsOf, readSpace, type Space } from './space';

/** Names of the options that decide what a search gives, which a resumed one keeps. */
const decisive: readonly (keyof SearchOptions)[] = [
  'samples',
  'concurrent',
  'coresPerTrial',
  'metric',
  'seed',
  'timeBudget',
  'storage',
];

interface SearchArguments {
  readonly space: Space;
  readonly options: SearchOptions;
  /** Those of the options that the command line names. */
  readonly named: readonly (keyof SearchOptions)[];
  readonly output: string;
  readonly address?: string;
  readonly resume: boolean;
}

function readArguments(argv: readonly string[]): SearchArguments {
  const command = new Command('npm run search --')
    .description(
      'Trains networks by many settings, on this machine or on a cluster of Ray, stops those that do ' +
        'worse than others, and records all. The first time it makes search/.venv (about 700 MB).',
    )
    .argument('<space>', 'what to search: a JSON file as those in search/spaces')
    .option('--samples <n>', 'trials (default: 40, or all of a grid)', wholeNumber)
    .option('--concurrent <n>', 'trials at a time (default: as many as have cores)', wholeNumber)
    .option('--cores-per-trial <n>', 'cores of a trial', wholeNumber, 1)
    .addOption(
      new Option('--metric <name>', 'what trials are compared by, on the validation digits')
        .choices(metricNames)
        .default('validationAccuracy'),
    )
    .option('--seed <n>', 'seed of what is proposed', seedNumber, 42)
    .option('--time-budget <minutes>', 'end after this time with what there is', rate)
    .option('--address <host:port>', 'join a cluster (default: only this machine)', hostAndPort)
    .option('--resume', 'go on with the search in the output folder', false)
    .option(
      '--storage <place>',
      "folder or URL of Ray's files (default: storage/ in the output)",
      place,
    )
    .option('--output <folder>', 'where the record goes (default: results/search/NAME)', givenPath)
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(argv, { from: 'user' });
  const space = readSpace(fromHere(command.args[0]));
  const given = command.opts<Partial<SearchOptions> & Omit<SearchArguments, 'options'>>();
  const most = space.sampling === 'grid' ? combinationsOf(space).length : undefined;
  const { samples = most ?? 40, concurrent = null, timeBudget = null, storage = null } = given;
  if (most !== undefined && samples > most) {
    throw new SettingsError(
      `--samples is ${samples}, but the grid of ${space.name} has ${most} combinations; expected as ` +
        'many or fewer',
    );
  }
  const { coresPerTrial, metric, seed } = command.opts<SearchOptions>();
  if (given.address === undefined && coresPerTrial > os.availableParallelism()) {
    throw new SettingsError(
      `--cores-per-trial is ${coresPerTrial}, but this machine has ${os.availableParallelism()}; ` +
        'expected as many or fewer',
    );
  }
  return {
    space,
    options: { samples, concurrent, coresPerTrial, metric, seed, timeBudget, storage },
    named: decisive.filter((name) => command.getOptionValueSource(name) === 'cli'),
    output: given.output ?? path.join(path.dirname(__dirname), 'results', 'search', space.name),
    address: given.address,
    resume: given.resume,
  };
}

/** A seed as NumPy takes it. */
function seedNumber(text: string): number {
  const value = anyNumber(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new InvalidArgumentError('Expected a whole number from 0 to 4294967295.');
}

function hostAndPort(text: string): string {
  const port = Number(/^[\w.-]+:(\d+)$/.exec(text)?.[1]);
  if (port >= 1 && port <= 65535) return text;
  throw new InvalidArgumentError('Expected a host and a port, such as 10.0.0.1:6379.');
}

/** A path, or the URL of an object store. */
function place(text: string): string {
  return /^\w+:\/\//.test(text) ? text : givenPath(text);
}

async function main(): Promise<number> {
  const stop = stopOnSignals();
  try {
    const { space, options, named, output, address, resume } = readArguments(process.argv.slice(2));
    if (address !== undefined) await requireAnswer(address);
    // Before a folder is taken, since there may be no Python.
    const setUp = [process.execPath, 'setup/environment.mjs', 'search'];
    await runProgram('the set-up of search/.venv', setUp, {}, stop.signal);
    // Loaded only now, since TensorFlow takes seconds, which --help and a wrong space need not.
    const { loadDigits } = await import('digit-recognizer');
    // Each trial reads them. A wrong MNIST_DIR is told before Ray starts, and a download is made once.
    if (address === undefined) await loadDigits();
    const begun = await claimSearch(output, { space, options, named, resume });
    const { runSearch } = await import('./searchRun');
    await runSearch({ ...begun, output, address, resume, signal: stop.signal });
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      console.error(
        'interrupted; the same command goes on, with --resume once the search has begun',
      );
      return stop.exitCode();
    }
    const { message } = error as Error;
    console.error(`error: ${message}`);
    return error instanceof SettingsError || error instanceof OutputFolderError ? 2 : 1;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
