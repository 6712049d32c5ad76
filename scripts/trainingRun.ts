import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import {
  describeRuntime,
  digitAugmentation,
  figures,
  metrics,
  MnistClassifier,
  recipeOf,
  RendererMissingError,
  saveFigure,
  saveRecord,
  show,
  showProgress,
  tables,
  type ArchitectureName,
  type ClassifierTrainingOptions,
  type Figure,
  type ProgressListener,
} from 'digit-recognizer';
import { availablePrecision } from 'digit-recognizer/engine';
import type { LogLevel } from './log';
import { checkpointFile, figureNames, metricsFile, modelFolder } from './runFolder';

/** What decides a training; the command line gives it. */
export interface RunOptions {
  readonly architecture: ArchitectureName;
  /** @default as the recipe of the architecture has it, and the next two */
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  /** Parts of a batch side by side. @default 1 */
  readonly replicas?: number;
  /** Whether the training digits are moved a little. */
  readonly augment?: boolean;
  readonly validationSplit: number;
  readonly seed: number;
  readonly precision: NonNullable<ClassifierTrainingOptions['precision']>;
  readonly limit?: number;
  /** Folder with MNIST's files; without it they come from where `loadDigits` finds them. */
  readonly data?: string;
  /** Folder for all that the run leaves. */
  readonly output: string;
  /** Whether the run goes on with the checkpoint in `output`. */
  readonly resume?: boolean;
  readonly logLevel: LogLevel;
}

/** A training was ended by a signal; what is finished is kept. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Trains, scores and saves a classifier; goes on where the output folder's checkpoint left off.
 *
 * @param log - Gets a line for every step, and in its file one for every epoch.
 * @param stop - Ends the training at the next batch.
 * @throws Interrupted when the training was stopped.
 * @throws Error as `MnistClassifier` and its methods do.
 */
export async function runTraining(
  options: RunOptions,
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  const { output, data, architecture, validationSplit, seed, replicas, limit } = options;
  // What is recorded is what the processor can do, not what was asked of it.
  const precision = availablePrecision(options.precision);
  const recipe = recipeOf(architecture);
  const { epochs = recipe.epochs, batchSize = recipe.batchSize } = options;
  const { learningRate = recipe.learningRate } = options;
  const augmentation = options.augment ? digitAugmentation : undefined;
  const settings = {
    ...recipe,
    ...{ architecture, epochs, batchSize, validationSplit, learningRate, seed, precision },
    ...{ replicas, augmentation, limit },
  };
  if (data !== undefined) process.env.MNIST_DIR = data;
  log.debug({ ...settings, runtime: describeRuntime() }, 'settings');

  const classifier = new MnistClassifier({ architecture, learningRate, seed });
  const digits = await classifier.loadDigits({
    validationSplit,
    ...(limit !== undefined && { limit }),
    log: (line) => log.info(line),
  });
  log[digits.isSample ? 'warn' : 'info'](digits.source);

  const training = await classifier.train(digits, {
    epochs,
    batchSize,
    precision,
    replicas,
    augmentation,
    signal: stop,
    checkpointFile: path.join(output, checkpointFile),
    onProgress: reportProgress(log, options),
  });
  if (training.interrupted) {
    const { length } = training.epochs;
    throw new Interrupted(
      length > 0
        ? `interrupted after ${length} of ${epochs} epochs; add --resume to go on`
        : 'interrupted before the first epoch was finished; nothing is kept',
    );
  }
  const { keptEpoch } = training;
  log.info(
    `trained for ${training.epochs.length} epochs in ${training.seconds.toFixed(1)} s; the weights ` +
      `are those of epoch ${keptEpoch}`,
  );
  const title = `${architecture}, seed ${seed}${digits.isSample ? ', sample of 10,000' : ''}`;
  try {
    const validation = await classifier.evaluate(digits.validation);
    const test = await classifier.evaluate(digits.test);
    stop.throwIfAborted();
    // The model comes first, since it took the longest; what fails after it can be made again.
    await classifier.save(path.join(output, modelFolder));
    await saveRecord(path.join(output, metricsFile), {
      settings,
      digits,
      networks: {
        [architecture]: { model: classifier.network, history: training, validation, test },
      },
    });
    const { classNames } = digits;
    const first = Array.from({ length: Math.min(18, digits.test.count) }, (_, index) => index);
    const drawn: Record<(typeof figureNames)[number], Figure> = {
      architecture_diagram: figures.layerDiagram(classifier.network, { title: architecture }),
      training_history: figures.trainingCurves(training, { title, keptEpoch }),
      confusion_matrix: figures.confusionHeatMap(test.confusionMatrix, { classNames, title }),
      predictions_sample: figures.predictionGallery(digits.test, metrics.readingsOf(test, first), {
        classNames,
        title: `First test digits: ${title}`,
      }),
    };
    for (const [name, figure] of Object.entries(drawn)) {
      stop.throwIfAborted();
      await draw(log, path.join(output, `${name}.png`), figure);
    }
    await show(tables.scoreTable({ validation, test }), { caption: title });
  } catch (error) {
    // Ctrl-C in a terminal also ends the process that draws the figures.
    if (!stop.aborted) throw error;
    throw new Interrupted('interrupted before all was saved; add --resume to do the rest');
  }
  // Everything is saved, so the run is finished and its checkpoint is no longer needed.
  rmSync(path.join(output, checkpointFile), { force: true });
  log.info(`all files are in ${output}`);
  classifier.dispose();
}

/** Shows the progress where the level asks for it, and writes every epoch in the log's file. */
function reportProgress(log: Logger, { architecture, logLevel }: RunOptions): ProgressListener {
  const isShown = logLevel === 'debug' || logLevel === 'info';
  const shown = isShown ? showProgress(architecture) : () => {};
  let logged: number | undefined;
  return (progress) => {
    shown(progress);
    // The epochs before a resumed run are in the log already.
    logged ??= progress.finished.length;
    for (const result of progress.finished.slice(logged)) log.debug(result, 'epoch');
    logged = progress.finished.length;
  };
}

/** Saves a figure; where nothing can draw, the run goes on without. */
async function draw(log: Logger, file: string, figure: Figure): Promise<void> {
  try {
    await saveFigure(figure, file);
  } catch (error) {
    if (!(error instanceof RendererMissingError)) throw error;
    log.warn(`${path.basename(file)} is missing: ${error.message}`);
  }
}
