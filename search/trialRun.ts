import path from 'node:path';
import {
  buildDeeperCnn,
  buildRegularizedCnn,
  DivergenceError,
  loadDigits,
  MnistClassifier,
  recipeOf,
  type ClassifierOptions,
} from 'digit-recognizer';
import { requirePrecision } from '../scripts/precision';
import { checkpointFile, tidyUp } from '../scripts/runFolder';
import type { EndLine, EpochLine } from './lines';
import type { architecturesWithDropout, TrialSettings } from './settings';

/**
 * Trains a network by its settings, or goes on where the folder's checkpoint left off.
 *
 * The digits are split by one seed for all trials, so that they are compared on the same ones.
 *
 * @param options.print - Gets every finished epoch once, those before a checkpoint first.
 * @param options.signal - Ends the training at the next batch.
 * @throws DivergenceError when a loss is no longer a number.
 * @throws Error as `MnistClassifier` and its methods do.
 */
export async function runTrial(
  settings: TrialSettings,
  folder: string,
  { print, signal }: { print: (line: EpochLine) => void; signal: AbortSignal },
): Promise<EndLine> {
  await tidyUp(folder);
  const { architecture, learningRate, seed, limit, precision = 'float32' } = settings;
  const { epochs, batchSize, schedule, augmentation } = settings;
  const { weightDecay, averageDecay, labelSmoothing } = settings;
  requirePrecision('settings.precision', precision);
  const digits = await loadDigits({
    ...(limit !== undefined && { limit }),
    log: (line) => console.error(line),
  });
  console.error(digits.source);
  const classifier = new MnistClassifier({
    architecture: builderFor(settings),
    // What is left out would be the rate for a builder of one's own.
    learningRate: learningRate ?? recipeOf(architecture).learningRate,
    seed,
  });
  let printed = 0;
  const history = await classifier.train(digits, {
    ...{ epochs, batchSize, schedule, augmentation },
    ...{ weightDecay, averageDecay, labelSmoothing, precision, signal },
    checkpointFile: path.join(folder, checkpointFile),
    onProgress: ({ finished }) => {
      for (const { epoch, loss, accuracy, ...others } of finished.slice(printed)) {
        const { validationLoss, validationAccuracy, seconds } = others;
        // JSON has no such number, and no later epoch would find back.
        if (!Number.isFinite(validationLoss)) {
          throw new DivergenceError(
            `training diverged: after epoch ${epoch} the validation loss is ${validationLoss}`,
          );
        }
        print({ epoch, loss, accuracy, validationLoss, validationAccuracy, seconds });
      }
      printed = finished.length;
    },
  });
  classifier.dispose();
  const { epochs: finished, keptEpoch, seconds } = history;
  if (history.interrupted) return { ended: 'interrupted', epochs: finished.length };
  const { validationLoss, validationAccuracy } = finished[keptEpoch - 1];
  return {
    ended: 'finished',
    ...{ epochs: finished.length, keptEpoch, validationLoss, validationAccuracy, seconds },
    digits: digits.source,
  };
}

type WithDropout = (typeof architecturesWithDropout)[number];

const builders = { 'regularized-cnn': buildRegularizedCnn, 'deeper-cnn': buildDeeperCnn } as const;

/** The name of the network, or where its dropout is set what builds it so. */
function builderFor({ architecture, dropout }: TrialSettings): ClassifierOptions['architecture'] {
  if (dropout === undefined) return architecture;
  const build = builders[architecture as WithDropout];
  return (options) => build({ ...options, blockDropout: dropout / 2, denseDropout: dropout });
}
