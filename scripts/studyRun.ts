import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import {
  EarlyStopping,
  joinDigits,
  loadDigits,
  MnistClassifier,
  recipeOf,
  ReduceLearningRateOnPlateau,
  saveRecord,
  varyHandwriting,
  type DigitData,
  type DigitSet,
  type Evaluation,
} from 'digit-recognizer';
import { requirePrecision } from './precision';
import { tidyUp } from './runFolder';
import { studies, type Study, type StudyName, type StudySettings } from './studies';
import { Interrupted } from './trainingRun';

/** What a study is run with. */
export interface StudyOptions {
  /** Folder with MNIST's files; without it they come from where `loadDigits` finds them. */
  readonly data?: string;
  /** For a quick run: at most so many training digits. */
  readonly limit?: number;
  /** Folder with a folder for each study. */
  readonly output: string;
}

/** One training of a study. */
interface Trial {
  readonly row: string;
  readonly settings: StudySettings;
  readonly seed: number;
  /** Where its files are, without what their names end in. */
  readonly place: string;
}

/**
 * Runs the trainings of a study that have no record yet, one after the other, and leaves for each a
 * record, `ROW-SEED.json`, and where the study keeps them the network, in the folder `ROW-SEED`.
 *
 * The digits are split by one seed for all, so that networks of different seeds were chosen by the
 * same validation digits, and none has seen another's.
 *
 * @throws RangeError when a row is of a precision that this processor does not have.
 * @throws Interrupted when it was stopped; what is finished is kept, and the next run goes on.
 * @throws Error as `MnistClassifier` and its methods do.
 */
export async function runStudy(
  name: StudyName,
  { data, limit, output }: StudyOptions,
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  if (data !== undefined) process.env.MNIST_DIR = data;
  const study: Study = studies[name];
  const folder = path.join(output, name);
  mkdirSync(folder, { recursive: true });
  const trials = trialsOf(study, folder);
  await tidyUp(folder, ...trials.map(({ place }) => place));
  const digits = await loadDigits({ ...(limit !== undefined && { limit }) });
  log[digits.isSample ? 'warn' : 'info'](digits.source);
  const left = trials.filter((trial) => !isDone(trial, study, digits));
  log.info(`${name}: ${trials.length - left.length} of ${trials.length} trainings are done`);
  for (const { row, settings } of left) {
    requirePrecision(`precision of ${row}`, settings.precision ?? 'float32');
  }
  for (const trial of left) await runTrial(trial, study, digits, { log, stop });
}

/** The trainings in the order of their seeds, so that a study cut short has all rows. */
function trialsOf({ rows, seeds }: Study, folder: string): Trial[] {
  return seeds.flatMap((seed) =>
    Object.entries(rows).map(([row, settings]) => {
      const place = path.join(folder, `${row.replaceAll(' ', '-')}-${seed}`);
      return { row, settings, seed, place };
    }),
  );
}

/** Whether a training has its record; refuses one that is of other settings, or of other digits. */
function isDone(trial: Trial, { keepsNetworks }: Study, digits: DigitData): boolean {
  const file = `${trial.place}.json`;
  if (!existsSync(file)) return false;
  const { train, validation, isSample } = digits;
  const counts = { isSample, train: train.count, validation: validation.count };
  const expected = JSON.stringify({ ...settingsOf(trial), ...counts });
  const found = describeRecord(file);
  const remedy = 'Move it and what lies beside it under its name, or give another --output';
  if (found !== expected) {
    throw new Error(`${file} is a record of ${found}; the study has ${expected}. ${remedy}`);
  }
  if (!keepsNetworks || existsSync(path.join(trial.place, 'model.json'))) return true;
  throw new Error(`${file} has no network beside it, in ${trial.place}. ${remedy}`);
}

/** What a record says that decides a training: its settings, and which digits there were. */
function describeRecord(file: string): string {
  try {
    const { settings, data } = JSON.parse(readFileSync(file, 'utf8'));
    const { isSample, train, validation } = data;
    return JSON.stringify({ ...settings, isSample, train, validation });
  } catch (error) {
    throw new Error(
      `${file} is no record of a training: ${(error as Error).message}. Move it, or give another ` +
        '--output',
      { cause: error },
    );
  }
}

/** All that decides a training, as its record has it: what a row leaves open is its recipe's. */
function settingsOf({ settings, seed }: Trial) {
  return { ...recipeOf(settings.architecture), ...settings, seed };
}

/** What is compared of the varied digits, which nobody wants to see one by one. */
function scoresOf({ accuracy, loss, errors }: Evaluation) {
  return { accuracy, loss, errors };
}

/** The callbacks of source B's recipe. */
function plateauCallbacks() {
  return [
    new EarlyStopping({ patience: 3, restoreBestWeights: true }),
    new ReduceLearningRateOnPlateau({ factor: 0.5, patience: 2, minLearningRate: 1e-6 }),
  ];
}

async function runTrial(
  trial: Trial,
  { keepsNetworks }: Study,
  digits: DigitData,
  { log, stop }: { readonly log: Logger; readonly stop: AbortSignal },
): Promise<void> {
  const { row, place } = trial;
  const settings = settingsOf(trial);
  const { architecture, seed, learningRate, plateau, variedHandwriting, ...training } = settings;
  const vary = (set: DigitSet) => varyHandwriting(set, { seed });
  const taught = variedHandwriting
    ? { ...digits, train: joinDigits([digits.train, vary(digits.train)]) }
    : digits;
  const classifier = new MnistClassifier({ architecture, seed, learningRate });
  const checkpointFile = `${place}.safetensors`;
  let logged: number | undefined;
  const history = await classifier.train(taught, {
    ...training,
    ...(plateau && { callbacks: plateauCallbacks() }),
    checkpointFile,
    signal: stop,
    onProgress: ({ finished, epochCount }) => {
      logged ??= finished.length;
      for (const { epoch, loss, validationLoss, validationAccuracy } of finished.slice(logged)) {
        const scores = { loss, validationLoss, validationAccuracy };
        log.info(scores, `${row}, seed ${seed}: epoch ${epoch} of ${epochCount}`);
      }
      logged = finished.length;
    },
  });
  if (history.interrupted) {
    throw new Interrupted(
      `${row}, seed ${seed}: interrupted after ${history.epochs.length} epochs; the same command ` +
        'goes on',
    );
  }
  if (keepsNetworks) await classifier.save(place, { weights: 'float16' });
  // The record tells of the network as it is kept, whose weights are rounded.
  const kept = keepsNetworks ? await MnistClassifier.load(place) : classifier;
  const validation = await kept.evaluate(digits.validation);
  await saveRecord(`${place}.json`, {
    settings,
    digits,
    networks: { [row]: { model: kept.network, history, validation } },
    ...(variedHandwriting && {
      analysis: { varied: scoresOf(await kept.evaluate(vary(digits.validation))) },
    }),
  });
  rmSync(checkpointFile, { force: true });
  const { accuracy, loss, errors } = validation;
  log.info({ accuracy, loss, errors }, `${row}, seed ${seed}: on the validation digits`);
  if (kept !== classifier) kept.dispose();
  classifier.dispose();
}
