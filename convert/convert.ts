/**
 * Writes a saved network in another format: `npm run convert -- --to onnx MODEL FOLDER`.
 *
 * Exit codes: 0 done, 1 failed, 2 bad arguments, 130 or 143 interrupted; FOLDER is whole or untouched.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { fromHere } from '../scripts/arguments';
import { OutputFolderError } from '../scripts/runFolder';
import { stopOnSignals } from '../scripts/signals';
import { makeTemporaryFolder, requireFreeFolder } from './folder';
import { formatNames, type FormatName, weightTypes, type WeightType } from './formats';
import type { Conversion } from './conversion';

function readArguments(argv: readonly string[]) {
  const command = new Command('npm run convert --')
    .description(
      'Writes a saved network in another format, and checks on 1,000 digits that it gives the same ' +
        'probabilities. The first time it makes convert/.venv (about 1.6 GB).',
    )
    .argument('<model>', 'the folder of the saved network')
    .argument('<folder>', 'where to: a new or empty folder, or one of an earlier conversion')
    .addOption(new Option('--to <format>', 'the format').choices(formatNames).makeOptionMandatory())
    .addOption(
      new Option('--weights <type>', 'of tflite; int8 computes in 8 bits, too')
        .choices(weightTypes)
        .default('float32'),
    )
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(argv, { from: 'user' });
  const { to, weights } = command.opts<{ to: FormatName; weights: WeightType }>();
  if (to !== 'tflite' && weights !== 'float32') {
    command.error(`error: --weights ${weights} is of tflite; ${to} keeps float32`);
  }
  const [source, folder] = command.args.map(fromHere);
  return { source, folder, to, weights };
}

function report({ format, weights, network, check, files }: Conversion, folder: string): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const bytes = Object.values(files).reduce((sum, it) => sum + it.bytes, 0);
  const { largestDifference, bound, accuracy, digits } = check;
  return [
    `${network} as ${format}, ${weights}: ${folder} (${(bytes / 1000).toFixed(1)} kB)`,
    `${digits}:`,
    `  largest difference of a probability ${largestDifference.toExponential(1)} (at most ${bound})`,
    `  accuracy ${percent(accuracy.converted)}; of the network before ${percent(accuracy.network)}`,
  ].join('\n');
}

async function main(): Promise<number> {
  const { source, folder, to, weights } = readArguments(process.argv.slice(2));
  const stop = stopOnSignals();
  let temporary: string | undefined;
  // A second Ctrl-C ends the process without what is below.
  const removeTemporary = () => temporary && rmSync(temporary, { recursive: true, force: true });
  process.once('exit', removeTemporary);
  try {
    requireFreeFolder(folder, to);
    temporary = makeTemporaryFolder(folder);
    // Loaded only now, since TensorFlow takes seconds, which --help and a wrong option need not.
    const { convert } = await import('./conversion');
    const done = await convert(source, folder, temporary, { to, weights, signal: stop.signal });
    console.log(report(done, path.relative('', folder) || '.'));
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      console.error('interrupted; nothing was written');
      return stop.exitCode();
    }
    console.error(`error: ${(error as Error).message}`);
    return error instanceof OutputFolderError ? 2 : 1;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
