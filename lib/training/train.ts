import { digitsFor, type LabelledImages } from './arrays';
import {
  Checkpoint,
  CheckpointError,
  digitsDigest,
  networkDigest,
  type ResumableCallback,
} from './checkpoint';
import {
  compilationOf,
  guessingLoss,
  mustShowProbabilities,
  requireTrainable,
} from './compilation';
import { selectDigits, type DigitSet } from '../data/digits';
import { FusedTraining, trainedWeights, type LossAndAccuracy } from '../engine';
import { learningRateOf } from './learningRate';
import { predict } from './predict';
import { requireWhole } from '../platform/numbers';
import { drawSeed, seededRandom, shuffledIndices, type RandomState } from '../platform/random';
import { StockTraining } from './stockTraining';
import { tf } from '../platform/tensorflow';
import { TrainingClock } from './clock';

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

/** How to train. */
export interface TrainingOptions {
  /** Passes over the training images, a whole number from 1. */
  readonly epochs: number;
  /** Images per step. @default 128 */
  readonly batchSize?: number;
  /** Seed of the order of the images and of dropout. @default 42 */
  readonly seed?: number;
  /** Receives the progress. @default nobody */
  readonly onProgress?: ProgressListener;
  /** Stops the training as an interrupt does. @default never */
  readonly signal?: AbortSignal;
  /**
   * Whether the steps run as one TensorFlow graph, several times as fast as tfjs's own, where
   * `FusedTraining` covers the model; false trains every model by tfjs. @default true
   */
  readonly fusedKernels?: boolean;
  /**
   * Parts that a batch is split in to run side by side, each with its own batch normalization; the
   * number of cores is a good one. Only where `FusedTraining` covers the model. @default 1
   */
  readonly replicas?: number;
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

/** How far a training has come, beside what the network, the optimizer and the callbacks hold. */
interface RunState {
  readonly epochs: readonly EpochResult[];
  readonly seconds: number;
  /** Whether a callback ended it. */
  readonly ended: boolean;
  /** Where the source of dropout masks stands. */
  readonly random: RandomState;
}

/** The loss was not a number, or far above that of guessing. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
}

/**
 * Trains a compiled classifier, with validation after every epoch.
 *
 * Two runs with one seed on one machine give the same weights to the bit, when the model was also
 * built with one seed. An interrupt (Ctrl-C, Jupyter's stop button, `signal`) stops at the next
 * batch and leaves the weights of the last finished epoch, or the initial ones.
 *
 * A run that goes on from a checkpoint ends with the weights of one that was never interrupted: to
 * the bit where `FusedTraining` covers the model, else to the rounding of tfjs's Adam, which keeps
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
 * @throws Error when the model is not compiled, not built for classes, disposed or in training.
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
  const { weights } = model;
  if (weights.some((weight) => weightsInTraining.has(weight))) {
    throw new Error(
      `model ${model.name} is in training already, or shares layers with a model that is; wait for ` +
        'the end of that training',
    );
  }
  weights.forEach((weight) => weightsInTraining.add(weight));
  try {
    return await trainAlone(model, training, validation, options);
  } finally {
    weights.forEach((weight) => weightsInTraining.delete(weight));
  }
}

/** Weights that a training has now; another one would mix its steps into them. */
const weightsInTraining = new WeakSet<object>();

async function trainAlone(
  model: tf.LayersModel,
  trainingImages: LabelledImages,
  validationImages: LabelledImages,
  options: TrainingOptions,
): Promise<TrainingHistory> {
  const { epochs, batchSize = 128, seed = 42, onProgress = () => {}, signal } = options;
  const { fusedKernels = true, replicas = 1, callbacks = [] } = options;
  requireWhole('epochs', epochs, 1);
  requireWhole('batchSize', batchSize, 1);
  requireWhole('replicas', replicas, 1);
  requireCallbacks(callbacks);
  const training = digitsFor(model, trainingImages, 'training');
  const validation = digitsFor(model, validationImages, 'validation');
  if (mustShowProbabilities(model)) await requireProbabilities(model, training);
  warnOfUnfrozen(model);

  model.stopTraining = false;
  for (const callback of callbacks) {
    callback.setModel(model);
    await callback.onTrainBegin();
  }
  const checkpoint = openCheckpoint(model, training, validation, options);
  const before = await checkpoint?.restore();
  const finished = [...(before?.epochs ?? [])];
  if (finished.length > epochs) {
    throw new CheckpointError(
      `epochs is ${epochs}, but ${options.checkpointFile} has ${finished.length} finished epochs; ` +
        'ask for as many or more, or use another file for a new run',
    );
  }

  const fused = fusedKernels ? await FusedTraining.compile(model, replicas) : undefined;
  const steps = fused ?? new StockTraining(model);
  let lastFinished = copyWeights(model);
  let stopped = signal?.aborted ?? false;
  const stop = () => {
    stopped = true;
  };
  // tslab starts a cell under Node's breakOnSigint, which resets SIGINT to ending the process when
  // the cell's first synchronous part returns; a listener added before that would not bring it back.
  await Promise.resolve();
  process.on('SIGINT', stop);
  signal?.addEventListener('abort', stop);

  try {
    const random = seededRandom(seed, 'dropout', before?.random);
    const clock = new TrainingClock(training.count, epochs, batchSize, before?.seconds);
    let ended = before?.ended ?? false;

    const report = (epoch: number, batch: number, sums: EpochSums, done: boolean) =>
      onProgress({
        epoch,
        epochCount: epochs,
        batch,
        batchCount: clock.batchCount,
        ...sums.means(),
        imagesPerSecond: clock.imagesPerSecond(),
        secondsLeft: done ? 0 : clock.secondsLeft(epoch, batch),
        finished: [...finished],
        done,
      });

    for (let epoch = finished.length + 1; epoch <= epochs && !stopped && !ended; epoch++) {
      const epochStart = performance.now();
      const order = shuffledIndices(training.count, seededRandom(seed, `shuffle ${epoch}`));
      const sums = new EpochSums();
      for (let batch = 1; batch <= clock.batchCount && !stopped; batch++) {
        const batchStart = performance.now();
        const rows = order.subarray((batch - 1) * batchSize, batch * batchSize);
        const result = await steps.step(selectDigits(training, rows), () => drawSeed(random));
        sums.add(result, rows.length);
        const place = `epoch ${epoch}, batch ${batch} of ${clock.batchCount}`;
        refuseDivergence(model, sums, result.loss, place);
        clock.addBatch(rows.length, secondsSince(batchStart));
        report(epoch, batch, sums, false);
        // Signals and the notebook's messages wait for the event loop.
        await new Promise(setImmediate);
      }
      if (stopped) {
        break;
      }
      await steps.save();
      const { loss: validationLoss, accuracy: validationAccuracy } = await steps.score(validation);
      const scores = { ...sums.means(), validationLoss, validationAccuracy };
      const learningRate = learningRateOf(model.optimizer);
      finished.push({ epoch, ...scores, learningRate, seconds: secondsSince(epochStart) });
      tf.dispose(lastFinished);
      lastFinished = copyWeights(model);
      for (const callback of callbacks) {
        await callback.onEpochEnd(epoch - 1, logsOf(scores));
      }
      ended = model.stopTraining;
      const seconds = clock.seconds();
      await checkpoint?.save({ epochs: finished, seconds, ended, random: random.state() });
      report(epoch, clock.batchCount, sums, ended || epoch === epochs);
    }

    const interrupted = stopped && !ended && finished.length < epochs;
    if (interrupted) {
      model.setWeights(lastFinished);
      report(finished.length + 1, 0, new EpochSums(), true);
    } else {
      for (const callback of callbacks) {
        await callback.onTrainEnd();
      }
      if (finished.length === before?.epochs.length) {
        report(finished.length, clock.batchCount, new EpochSums(), true);
      }
    }
    return { epochs: finished, seconds: clock.seconds(), interrupted };
  } catch (error) {
    model.setWeights(lastFinished);
    throw error;
  } finally {
    process.off('SIGINT', stop);
    signal?.removeEventListener('abort', stop);
    steps.dispose();
    tf.dispose(lastFinished);
  }
}

/** Refuses a network that gives no probabilities, by what it gives for the first image. */
async function requireProbabilities(model: tf.LayersModel, { images, count }: DigitSet) {
  const row = await predict(model, images.subarray(0, images.length / count));
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0)) return;
  throw new Error(
    `model ${model.name} gives for the first image [${[...row].map((it) => it.toPrecision(3)).join(', ')}], ` +
      'but its loss takes probabilities that add up to 1; expected a softmax at its end: add ' +
      'tf.layers.softmax()',
  );
}

/** Says of weights that were unfrozen after the model was compiled that they stay, as in tfjs. */
function warnOfUnfrozen(model: tf.LayersModel): void {
  const left = model.trainableWeights.length - trainedWeights(model).length;
  if (left === 0) return;
  console.warn(
    `warning: ${left} weights of model ${model.name} were frozen when it was compiled, and stay so ` +
      'until it is compiled again',
  );
}

/** Refuses what is no list of callbacks, before the first is called. */
function requireCallbacks(callbacks: readonly ResumableCallback[]): void {
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

/** The checkpoint that the options ask for, with all that decides what the training ends with. */
function openCheckpoint(
  model: tf.LayersModel,
  training: DigitSet,
  validation: DigitSet,
  options: TrainingOptions,
): Checkpoint<RunState> | undefined {
  const { batchSize = 128, seed = 42, fusedKernels = true, replicas = 1, callbacks = [] } = options;
  if (options.checkpointFile === undefined) {
    return undefined;
  }
  return new Checkpoint(options.checkpointFile, model, callbacks, {
    network: networkDigest(model),
    ...compilationOf(model),
    learningRate: learningRateOf(model.optimizer),
    batchSize,
    seed,
    fusedKernels,
    replicas,
    callbacks: callbacks.map(({ settings }) => settings),
    'training digits': digitsDigest(training),
    'validation digits': digitsDigest(validation),
  });
}

/** What tfjs's callbacks get to know about an epoch, under tfjs's names. */
function logsOf(scores: Omit<EpochResult, 'epoch' | 'learningRate' | 'seconds'>) {
  const { loss, accuracy, validationLoss, validationAccuracy } = scores;
  return { loss, acc: accuracy, val_loss: validationLoss, val_acc: validationAccuracy };
}

/** Sums over an epoch's batches, each weighted by its images, as Keras averages them. */
class EpochSums {
  private loss = 0;
  private correct = 0;
  private images = 0;
  private batches = 0;

  add({ loss, accuracy }: LossAndAccuracy, images: number): void {
    this.loss += loss * images;
    this.correct += accuracy * images;
    this.images += images;
    this.batches += 1;
  }

  means(): { loss: number; accuracy: number } {
    const images = Math.max(this.images, 1);
    return { loss: this.loss / images, accuracy: this.correct / images };
  }

  get batchCount(): number {
    return this.batches;
  }
}

function refuseDivergence(model: tf.LayersModel, sums: EpochSums, loss: number, place: string) {
  const guessing = guessingLoss(model);
  // The first batches may do worse than guessing, since normalization has seen nothing yet.
  const exploded = sums.batchCount >= 10 && sums.means().loss > 4 * (guessing ?? Infinity);
  if (Number.isFinite(loss) && !exploded) {
    return;
  }
  throw new DivergenceError(
    `training of ${model.name} diverged at ${place}: the loss is ${loss}, its mean in this epoch ` +
      `${sums.means().loss}${guessing ? `; guessing would give ${guessing.toFixed(2)}` : ''}. The weights are back ` +
      'at the last finished epoch. Build the model with a lower learningRate, and check that the ' +
      'images are between 0 and 1',
  );
}

/** Copies that no later step changes; whoever asks disposes of them. */
function copyWeights(model: tf.LayersModel): tf.Tensor[] {
  return tf.tidy(() => model.getWeights().map((weight) => weight.clone()));
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
