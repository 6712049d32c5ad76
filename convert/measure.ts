/**
 * Converts saved networks of results/ to every format, for the README's table: `npm run convert:table`.
 * It writes results/formats.json, and needs the full MNIST.
 *
 * Exit codes: 0 done, 1 failed.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadDigits, writeFileWhole } from 'digit-recognizer';
import { type Conversion, convert } from './conversion';
import { formatNames, weightTypes } from './formats';

const results = path.join(__dirname, '..', 'results');
const networks = ['02-mnist-classifier/model', '03-how-far/tiny/tiny-cnn-42'];

/** The numbers of a conversion that a reader compares. */
function rowOf({ network, format, weights, check, files }: Conversion) {
  const { largestDifference, bound, accuracy } = check;
  const bytes = Object.values(files).reduce((sum, it) => sum + it.bytes, 0);
  return { network, format, weights, bytes, largestDifference, bound, accuracy };
}

async function main(): Promise<void> {
  if ((await loadDigits({ mirrors: [] })).isSample) {
    throw new Error('the full MNIST is needed; set MNIST_DIR, or run npm run train once');
  }
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-convert-'));
  const { signal } = new AbortController();
  const rows: ReturnType<typeof rowOf>[] = [];
  let digits = '';
  try {
    for (const network of networks) {
      for (const to of formatNames) {
        for (const weights of to === 'tflite' ? weightTypes : weightTypes.slice(0, 1)) {
          const temporary = path.join(scratch, 'temporary');
          mkdirSync(temporary);
          const folder = path.join(scratch, 'converted');
          const source = path.join(results, network);
          const done = await convert(source, folder, temporary, { to, weights, signal });
          rows.push(rowOf(done));
          ({ digits } = done.check);
          console.log(JSON.stringify(rows.at(-1)));
          rmSync(temporary, { recursive: true });
          rmSync(folder, { recursive: true });
        }
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  const record = { digits, rows };
  await writeFileWhole(path.join(results, 'formats.json'), `${JSON.stringify(record, null, 2)}\n`);
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
