/**
 * Trains a classifier from the command line: `npm run train -- --help`.
 *
 * Exit codes: 0 done, 1 failed, 2 bad arguments, 130 or 143 interrupted with the last epoch kept.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import type { Logger } from 'pino';
import {
  anyNumber,
  architectures,
  commonOptions,
  fromHere,
  givenPath,
  precisions,
  rate,
  share,
  wholeNumber,
} from './arguments';
import { openLog } from './log';
import { checkpointFile, claimFolder, logFile, OutputFolderError } from './runFolder';
import { stopOnSignals } from './signals';
import type { RunOptions } from './trainingRun';

function readArguments(argv: readonly string[]): RunOptions {
  const command = new Command('npm run train --')
    .description(
      'Trains a classifier of handwritten digits on MNIST, scores it on the test digits, and saves ' +
        'model, figures and metrics.json in a folder. Ctrl-C keeps the last finished epoch.',
    )
    .addOption(
      new Option('--architecture <name>', 'the network')
        .choices(architectures)
        .default('deeper-cnn'),
    )
    .option(
      '--epochs <n>',
      "passes over the training digits at most (default: the network's recipe, 15 for the first four)",
      wholeNumber,
    )
    .option(
      '--batch-size <n>',
      'images per step (default: 128, or as the recipe has it)',
      wholeNumber,
    )
    .option(
      '--augment',
      'turn, shift, zoom and slant the training digits a little, anew in each step',
    )
    .option('--validation-split <share>', 'share of the training digits to watch by', share, 0.1)
    .option(
      '--learning-rate <rate>',
      "step size of Adam at the start or at its highest (default: 0.001, or the recipe's)",
      rate,
    )
    .option('--seed <n>', 'seed of split, weights, order and dropout', anyNumber, 42)
    .addOption(
      new Option('--precision <type>', 'what the layers compute in; weights keep 32 bits')
        .choices(precisions)
        .default('float32'),
    )
    .option('--replicas <n>', 'parts of a batch that are trained side by side', wholeNumber)
    .addOption(commonOptions.limit)
    .addOption(commonOptions.data)
    .addOption(
      new Option('--output <folder>', 'where everything goes')
        .argParser(givenPath)
        .default(fromHere('results/train'), 'results/train'),
    )
    .option('--resume', 'go on with the unfinished run in the output folder')
    .addOption(commonOptions.logLevel)
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return command.parse(argv, { from: 'user' }).opts();
}

/** Refuses to go on with nothing. */
function requireUnfinished(output: string): void {
  if (existsSync(path.join(output, checkpointFile))) return;
  throw new OutputFolderError(
    `${output} has no ${checkpointFile}, so there is nothing to go on with. Leave out --resume, or ` +
      'give the --output of the unfinished run',
  );
}

/** Refuses to overwrite an unfinished run. */
function requireNoneUnfinished(output: string): void {
  if (!existsSync(path.join(output, checkpointFile))) return;
  throw new OutputFolderError(
    `${output} has an unfinished run. Add --resume to go on with it, or give another --output; to ` +
      `give it up, delete ${checkpointFile} there`,
  );
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  const { output } = args;
  const stop = stopOnSignals();
  let log: Logger;
  try {
    // A claim makes the folder, so what has nothing to go on with is refused before it too.
    if (args.resume) requireUnfinished(output);
    await claimFolder(output);
    if (args.resume) requireUnfinished(output);
    else requireNoneUnfinished(output);
    log = openLog(args.logLevel, path.join(output, logFile));
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    return error instanceof OutputFolderError ? 2 : 1;
  }
  try {
    // Loaded only now, since TensorFlow takes seconds, which --help and a wrong option need not.
    const { runTraining } = await import('./trainingRun');
    await runTraining(args, log, stop.signal);
    return 0;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'Interrupted') {
      log.warn(message);
      return stop.exitCode();
    }
    log.error(message);
    log.debug(error);
    return ['CheckpointError', 'RangeError'].includes(name) ? 2 : 1;
  }
}

// Not process.exit, which would cut off the last lines of the log.
void main().then((code) => {
  process.exitCode = code;
});
