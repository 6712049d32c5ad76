import {
  describeCoverage,
  graphOnlyOptions,
  isCovered,
  type GraphTrainingOptions,
  type Schedule,
} from '../engine/index';
import { requireKnown, requireWhole } from '../platform/numbers';
import type { tf } from '../platform/tensorflow';
import { digitsFor, type LabelledImages } from './arrays';
import type { ResumableCallback } from './checkpoint';
import { requireTrainable } from './compilation';
import { requireProbabilities } from './predict';
import { TrainingRun } from './run';

/** What one pass over the training images gave. */
export interface EpochResult {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Mean loss over the epoch's batches while the weights were changing, in nats. */
  readonly loss: number;
  /** Share of training images read rightly while the weights were changing, 0 to 1. */
  readonly accuracy: number;
  /** Mean loss on the validation images after the epoch, in nats. */
  readonly validationLoss: number;
  /** Share of validation images read rightly after the epoch, 0 to 1. */
  readonly validationAccuracy: number;
  /** Step size of the optimizer in the epoch. */
  readonly learningRate: number;
  /** Time of the epoch with its validation, in seconds. */
  readonly seconds: number;
}

/** What a training gave. */
export interface TrainingHistory {
  /** The finished epochs, in order. */
  readonly epochs: readonly EpochResult[];
  /** Time of the whole training, in seconds. */
  readonly seconds: number;
  /** Whether an interrupt stopped the training before its end; that a callback does is its end. */
  readonly interrupted: boolean;
}

/** Where a running training stands. */
export interface TrainingProgress {
  /** Number of the epoch that runs, from 1. */
  readonly epoch: number;
  readonly epochCount: number;
  /** Number of the batch just finished, from 1. */
  readonly batch: number;
  /** Batches in an epoch. */
  readonly batchCount: number;
  /** Mean loss of this epoch so far, in nats. */
  readonly loss: number;
  /** Training accuracy of this epoch so far, 0 to 1. */
  readonly accuracy: number;
  /** Training speed since the start, without the time of validation. */
  readonly imagesPerSecond: number;
  /** Estimated time to the end of the last epoch, in seconds. */
  readonly secondsLeft: number;
  /** The finished epochs, in order. */
  readonly finished: readonly EpochResult[];
  /** True in the last report of a training, and only there. */
  readonly done: boolean;
}

/** Receives a report after every batch, after every epoch's validation, and at the end. */
export type ProgressListener = (progress: TrainingProgress) => void;

/**
 * How to train. With an augmentation, a schedule, weight decay, label smoothing, averaged weights or
 * `bfloat16`, the model has to be one that the engine covers (see lib/engine/README.md).
 */
export interface TrainingOptions extends Pick<
  GraphTrainingOptions,
  'precision' | 'augmentation' | 'weightDecay' | 'labelSmoothing' | 'averageDecay'
> {
  /** Passes over the training images, a whole number from 1. */
  readonly epochs: number;
  /** Images per step. @default 128 */
  readonly batchSize?: number;
  /** Seed of the order of the images and of dropout. @default 42 */
  readonly seed?: number;
  /** Receives the progress. @default none */
  readonly onProgress?: ProgressListener;
  /** Stops the training as an interrupt does. @default never */
  readonly signal?: AbortSignal;
  /**
   * Whether the steps run as one TensorFlow graph, several times as fast as tfjs's own, where
   * `GraphTraining` covers the model; false trains every model by tfjs. @default true
   */
  readonly fusedKernels?: boolean;
  /**
   * Parts that a batch is split in to run side by side, each with its own batch normalization; the
   * number of cores is a good one. Only where `GraphTraining` covers the model. @default 1
   */
  readonly replicas?: number;
  /**
   * How the learning rate goes over all steps, with the model's own as the peak; the history has the
   * rate after each epoch's last step. @default it stays, but for callbacks
   */
  readonly schedule?: Omit<Schedule, 'steps'>;
  /**
   * Told of every epoch, as by `model.fit`: with them a training may end early or slow down. The
   * weights that they see are those after the epoch. @default none
   */
  readonly callbacks?: readonly ResumableCallback[];
  /**
   * File that keeps the training after every epoch. Where it exists already, the training goes on
   * from there, or is over where it had come to its end; delete it to start anew. @default none
   */
  readonly checkpointFile?: string;
}

/**
 * Trains a compiled classifier, with validation after every epoch.
 *
 * Two runs with one seed on one machine give the same weights to the bit, when the model was also
 * built with one seed. An interrupt (Ctrl-C, Jupyter's stop button, `signal`) stops at the next
 * batch and leaves the weights of the last finished epoch, or the initial ones.
 *
 * A run that goes on from a checkpoint ends with the weights of one that was never interrupted: to
 * the bit where `GraphTraining` covers the model, else to the rounding of tfjs's Adam, which keeps
 * running powers of its rates and restores them by another formula.
 *
 * @param model - Takes images, gives class probabilities; compiled with any loss and optimizer of tfjs
 *   (but the losses hinge and squaredHinge) and, among others or alone, the metric `accuracy`. Layers
 *   shared with other models train with them. Of layers that draw random numbers, dropout repeats.
 * @param training - What to learn from: pixels from 0 to 1, or bytes from 0 to 255, with labels as
 *   whole numbers or one-hot, in any arrays.
 * @param validation - The same, for what only judges.
 * @returns The history of the finished epochs, those before a checkpoint included.
 * @throws RangeError when an option, an image size, a pixel or a label does not fit.
 * @throws Error when the model is not compiled, not built for classes, disposed or in training, or
 *   the engine does not cover it and an option needs that.
 * @throws CheckpointError when the checkpoint is of a run with other settings, which it names.
 * @throws DivergenceError when the loss becomes NaN, infinite, or stays above four times the loss of
 *   guessing; the model then has the weights of the last finished epoch.
 */
export async function train(
  model: tf.LayersModel,
  training: LabelledImages,
  validation: LabelledImages,
  options: TrainingOptions,
): Promise<TrainingHistory> {
  requireTrainable(model);
  requireOptions(options);
  requireCoverage(model, options);
  const digits = {
    training: digitsFor(model, training, 'training'),
    validation: digitsFor(model, validation, 'validation'),
  };
  return whileInTraining(model, async () => {
    await requireProbabilities(model, digits.training);
    const run = await TrainingRun.begin(model, digits, options);
    try {
      while (run.goesOn) await run.runEpoch();
      return await run.end();
    } catch (error) {
      run.restoreWeights();
      throw error;
    } finally {
      run.dispose();
    }
  });
}

/** Weights that a training has now; another one would mix its steps into them. */
const weightsInTraining = new WeakSet<object>();

/** Keeps other trainings off a network's weights while one runs. */
async function whileInTraining<T>(model: tf.LayersModel, work: () => Promise<T>): Promise<T> {
  const { weights } = model;
  if (weights.some((weight) => weightsInTraining.has(weight))) {
    throw new Error(
      `model ${model.name} is in training already, or shares layers with a model that is; wait for ` +
        'the end of that training',
    );
  }
  weights.forEach((weight) => weightsInTraining.add(weight));
  try {
    return await work();
  } finally {
    weights.forEach((weight) => weightsInTraining.delete(weight));
  }
}

/** The names of all options. */
const trainingOptions: readonly string[] = [
  'augmentation',
  'averageDecay',
  'batchSize',
  'callbacks',
  'checkpointFile',
  'epochs',
  'fusedKernels',
  'labelSmoothing',
  'onProgress',
  'precision',
  'replicas',
  'schedule',
  'seed',
  'signal',
  'weightDecay',
] satisfies (keyof TrainingOptions)[];

/** Refuses options out of range, and what is no list of callbacks, before the first is called. */
function requireOptions(options: TrainingOptions): void {
  requireKnown('train', options ?? {}, trainingOptions);
  const { epochs, batchSize = 128, replicas = 1, callbacks = [] } = options ?? {};
  requireWhole('epochs', epochs, 1);
  requireWhole('batchSize', batchSize, 1);
  requireWhole('replicas', replicas, 1);
  const isCallback = (it: Partial<ResumableCallback> | null) =>
    [it?.setModel, it?.onTrainBegin, it?.onEpochEnd, it?.onTrainEnd].every(
      (method) => typeof method === 'function',
    );
  if (Array.isArray(callbacks) && callbacks.every(isCallback)) return;
  throw new TypeError(
    'callbacks has something that is no callback; expected an array of EarlyStopping, ' +
      'ReduceLearningRateOnPlateau, or classes that extend tf.Callback',
  );
}

/** Refuses options that only the engine has, for a model that it does not cover. */
function requireCoverage(model: tf.LayersModel, options: TrainingOptions): void {
  const { schedule, fusedKernels = true, ...others } = options;
  const needed = [...graphOnlyOptions(others), ...(schedule === undefined ? [] : ['schedule'])];
  if (needed.length === 0) return;
  const verb = needed.length === 1 ? 'needs' : 'need';
  if (!fusedKernels) {
    throw new RangeError(
      `fusedKernels is false, but ${needed.join(', ')} ${verb} the engine; leave one of them out`,
    );
  }
  if (isCovered(model)) return;
  throw new Error(
    `${needed.join(', ')} ${verb} the engine, but ${describeCoverage(model)}. Leave out what needs ` +
      'it, or change the model',
  );
}
