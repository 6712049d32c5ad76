/**
 * Reads the digits in pictures: `npm run predict -- picture.png`; with `--several` those of a number
 * in each, and with `--show out.png` draws what was found.
 *
 * Exit codes: 0 done, 1 when a picture or the model cannot be read, 2 bad arguments.
 */
import { lstatSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import type { MnistClassifier, Prediction } from 'digit-recognizer';
import sharp from 'sharp';
import { committedModel } from './arguments';

function readArguments(argv: readonly string[]) {
  const command = new Command('npm run predict --')
    .description('Reads the handwritten digit in each picture (PNG, JPEG or WebP).')
    .argument('<pictures...>', 'files, one digit in each, dark on light or light on dark')
    .option('--model <folder>', 'a saved classifier (default: the one in results/04-other-hands)')
    .option('--several', 'reads all digits of each picture, in reading order')
    .option('--show <file>', 'with --several and one picture: a new PNG with the boxes drawn')
    .showHelpAfterError('(--help lists the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(argv, { from: 'user' });
  const options = command.opts<{ model?: string; several?: boolean; show?: string }>();
  const { several = false, show } = options;
  if (show !== undefined && (!several || command.args.length !== 1)) {
    command.error('error: --show needs --several and one picture');
  }
  return { pictures: command.args, model: options.model, several, show };
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

type Digits = Awaited<ReturnType<MnistClassifier['predictNumber']>>;

/** The digits in one line, and each with its confidence and its box. */
function describeSeveral(picture: string, digits: Digits): string {
  if (digits.length === 0) return `${picture}: no digits`;
  const rows = digits.map(({ className, confidence, box: { left, top, right, bottom } }) => {
    const size = `${right - left} x ${bottom - top} pixels at ${left}, ${top}`;
    return `  ${className}  ${percent(confidence).padStart(8)}   ${size}`;
  });
  return [`${picture}: ${digits.map(({ className }) => className).join('')}`, ...rows].join('\n');
}

/** Draws the boxes, each with its reading, over the picture into a new file. */
async function drawBoxes(picture: string, digits: Digits, file: string): Promise<void> {
  const { data, info } = await sharp(picture, { failOn: 'none' })
    .autoOrient()
    .png()
    .toBuffer({ resolveWithObject: true });
  const line = Math.max(1, Math.round(Math.max(info.width, info.height) / 400));
  const boxes = digits.map(({ className, box: { left, top, right, bottom } }) => {
    const place = `x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"`;
    const size = Math.max(10, Math.round((bottom - top) / 4));
    return (
      `<rect ${place} fill="none" stroke="#d62728" stroke-width="${line}"/>` +
      `<text x="${left}" y="${Math.max(size, top - line)}" font-size="${size}" fill="#d62728">` +
      `${className.replace(/[&<]/g, (sign) => `&#${sign.codePointAt(0)};`)}</text>`
    );
  });
  const size = `width="${info.width}" height="${info.height}"`;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${boxes.join('')}</svg>`;
  const shown = await sharp(data)
    .composite([{ input: Buffer.from(drawing) }])
    .png()
    .toBuffer();
  // A file that has come there meanwhile is not replaced.
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(shown);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function main(): Promise<number> {
  const { pictures, model, several, show } = readArguments(process.argv.slice(2));
  const fromHere = (place: string) => path.resolve(process.env.INIT_CWD ?? '.', place);
  let code = 0;
  if (show !== undefined && lstatSync(fromHere(show), { throwIfNoEntry: false })) {
    console.error(`error: ${show} is there already; expected the name of a new file`);
    return 2;
  }
  try {
    // Loaded only now, since TensorFlow takes seconds, which --help need not.
    const { MnistClassifier } = await import('digit-recognizer');
    const classifier = await MnistClassifier.load(fromHere(model ?? committedModel));
    for (const picture of pictures) {
      try {
        const place = fromHere(picture);
        if (!several) {
          console.log(describe(picture, await classifier.predictImage(place)));
          continue;
        }
        const digits = await classifier.predictNumber(place);
        console.log(describeSeveral(picture, digits));
        if (show !== undefined) await drawBoxes(place, digits, fromHere(show));
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
