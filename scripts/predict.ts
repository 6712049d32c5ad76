/**
 * Reads the digits in pictures: `npm run predict -- picture.png`.
 *
 * Exit codes: 0 done, 1 when a picture or the model cannot be read, 2 bad arguments.
 */
import path from 'node:path';
import { Command } from 'commander';
import type { Prediction } from 'digit-recognizer';

const committedModel = path.resolve(__dirname, '..', 'results', '02-mnist-classifier', 'model');

function readArguments(argv: readonly string[]) {
  const command = new Command('npm run predict --')
    .description('Reads the handwritten digit in each picture (PNG, JPEG or WebP).')
    .argument('<pictures...>', 'files, one digit in each, dark on light or light on dark')
    .option(
      '--model <folder>',
      'a saved classifier (default: the one in results/02-mnist-classifier)',
    )
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(argv, { from: 'user' });
  return { pictures: command.args, model: command.opts<{ model?: string }>().model };
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** The digit, how sure the network is, and all ten probabilities, the highest first. */
function describe(picture: string, { className, confidence, probabilities }: Prediction): string {
  const classes = Array.from(probabilities, (probability, digit) => ({ digit, probability }))
    .sort((one, other) => other.probability - one.probability)
    .map(({ digit, probability }) => `${digit}: ${percent(probability).padStart(8)}`);
  const rows = [classes.slice(0, 5), classes.slice(5)].map((row) => `  ${row.join('   ')}`);
  return [`${picture}: ${className} (${percent(confidence)})`, ...rows].join('\n');
}

async function main(): Promise<number> {
  const { pictures, model } = readArguments(process.argv.slice(2));
  const fromHere = (place: string) => path.resolve(process.env.INIT_CWD ?? '.', place);
  let code = 0;
  try {
    // Loaded only now, since TensorFlow takes seconds, which --help need not.
    const { MnistClassifier } = await import('digit-recognizer');
    const classifier = await MnistClassifier.load(fromHere(model ?? committedModel));
    for (const picture of pictures) {
      try {
        console.log(describe(picture, await classifier.predictImage(fromHere(picture))));
      } catch (error) {
        console.error(`error: ${(error as Error).message}`);
        code = 1;
      }
    }
    classifier.dispose();
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    code = 1;
  }
  return code;
}

void main().then((code) => {
  process.exitCode = code;
});
