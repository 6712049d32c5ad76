/**
 * Trains one network of a search, by settings as JSON:
 * `npm run trial -- '{"architecture": "tiny-cnn", "epochs": 2}' FOLDER`.
 *
 * Each line on stdout is JSON: one an epoch, then one that says how it ended; all else goes to stderr.
 * FOLDER keeps a checkpoint of every epoch, from which the same call goes on, with the lines of the
 * epochs before it once more.
 *
 * Exit codes: 0 trained to its end, 1 failed, 2 bad arguments, 3 diverged, 130 or 143 interrupted with
 * the last epoch kept.
 */
import { Command } from 'commander';
import { givenPath } from '../scripts/arguments';
import { lockFolder, OutputFolderError } from '../scripts/runFolder';
import { stopOnSignals } from '../scripts/signals';
import type { TrialLine } from './lines';
import { checkSettings, SettingsError } from './settings';

function readArguments(argv: readonly string[]): { settings: string; folder: string } {
  const command = new Command('npm run trial --')
    .description('Trains one network of a search, and prints lines of JSON.')
    .argument('<settings>', 'architecture, epochs, learningRate and others, as JSON')
    .argument('<folder>', 'where the checkpoint is kept', givenPath)
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the arguments)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(argv, { from: 'user' });
  const [settings, folder] = command.processedArgs;
  return { settings, folder };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SettingsError(
      `settings is no JSON: ${(error as Error).message}; expected such as ` +
        '{"architecture": "tiny-cnn", "epochs": 2}',
    );
  }
}

function print(line: TrialLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** How the process ends with an error of each name that is not this machine's fault. */
const exitCodes: Readonly<Record<string, number>> = {
  [SettingsError.name]: 2,
  [OutputFolderError.name]: 2,
  CheckpointError: 2,
  RangeError: 2,
  TypeError: 2,
  DivergenceError: 3,
};

async function main(): Promise<number> {
  const { settings, folder } = readArguments(process.argv.slice(2));
  const stop = stopOnSignals();
  try {
    const checked = checkSettings(parse(settings));
    lockFolder(folder);
    // Loaded only now, since TensorFlow takes seconds, which wrong settings need not.
    const { runTrial } = await import('./trialRun');
    const end = await runTrial(checked, folder, { print, signal: stop.signal });
    print(end);
    return end.ended === 'interrupted' ? stop.exitCode() : 0;
  } catch (error) {
    const { name, message } = error as Error;
    print({ ended: 'failed', reason: message });
    console.error(`error: ${message}`);
    return exitCodes[name] ?? 1;
  }
}

// Not process.exit, which would cut off the last line.
void main().then((code) => {
  process.exitCode = code;
});
