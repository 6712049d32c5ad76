import { selectDigits, type DigitSet } from '../data/digits';
import { availablePrecision, GraphTraining, trainedWeights } from '../engine';
import {
  drawSeed,
  seededRandom,
  shuffledIndices,
  type RandomState,
  type SeededRandom,
} from '../platform/random';
import { tf } from '../platform/tensorflow';
import { Checkpoint, CheckpointError, digitsDigest, networkDigest } from './checkpoint';
import { TrainingClock } from './clock';
import { compilationOf } from './compilation';
import { EpochMeans } from './epochMeans';
import { learningRateOf } from './learningRate';
import { StockTraining } from './stockTraining';
import type { EpochResult, TrainingHistory, TrainingOptions } from './train';

/** What a run learns from, and what only judges it. */
interface RunDigits {
  readonly training: DigitSet;
  readonly validation: DigitSet;
}

/** The state of a run that neither the network nor the optimizer nor the callbacks hold. */
interface RunState {
  readonly epochs: readonly EpochResult[];
  readonly seconds: number;
  /** Whether a callback ended it. */
  readonly ended: boolean;
  /** Where the source of dropout masks stands. */
  readonly random: RandomState;
}

/** The options with their defaults. */
type RunOptions = ReturnType<typeof withDefaults>;

/**
 * One training from its first batch, or from its checkpoint, to its end: `train` asks for one epoch
 * after the other as long as it `goesOn`.
 */
export class TrainingRun {
  private readonly finished: EpochResult[];
  private readonly clock: TrainingClock;
  private readonly random: SeededRandom;
  private lastFinished: tf.Tensor[];
  private ended: boolean;
  private stopped: boolean;
  private readonly stop = () => {
    this.stopped = true;
  };

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly digits: RunDigits,
    private readonly options: RunOptions,
    private readonly checkpoint: Checkpoint<RunState> | undefined,
    private readonly before: RunState | undefined,
    private readonly steps: GraphTraining | StockTraining,
  ) {
    const { epochs, batchSize, seed, signal } = options;
    this.finished = [...(before?.epochs ?? [])];
    this.clock = new TrainingClock(digits.training.count, epochs, batchSize, before?.seconds);
    this.random = seededRandom(seed, 'dropout', before?.random);
    this.lastFinished = copyWeights(model);
    this.ended = before?.ended ?? false;
    this.stopped = signal?.aborted ?? false;
    process.on('SIGINT', this.stop);
    signal?.addEventListener('abort', this.stop);
  }

  /**
   * Prepares a training: callbacks, checkpoint, and the graph of its steps.
   *
   * @throws CheckpointError when the checkpoint is of a run with other settings.
   */
  static async begin(
    model: tf.LayersModel,
    digits: RunDigits,
    given: TrainingOptions,
  ): Promise<TrainingRun> {
    const options = withDefaults(given, digits.training.count);
    warnOfUnfrozen(model);
    model.stopTraining = false;
    for (const callback of options.callbacks) {
      callback.setModel(model);
      await callback.onTrainBegin();
    }
    const checkpoint = openCheckpoint(model, digits, options);
    const before = await checkpoint?.restore();
    if (before !== undefined && before.epochs.length > options.epochs) {
      throw new CheckpointError(
        `epochs is ${options.epochs}, but ${options.checkpointFile} has ${before.epochs.length} ` +
          'finished epochs; ask for as many or more, or use another file for a new run',
      );
    }
    const inGraph = options.fusedKernels
      ? await GraphTraining.compile(model, {
          ...options.graph,
          data: digits.training,
          stepsDone: (before?.epochs.length ?? 0) * options.batchCount,
          ownState: checkpoint?.stepState,
        })
      : undefined;
    // tslab starts a cell under Node's breakOnSigint, which resets SIGINT to ending the process when
    // the cell's first synchronous part returns; a listener added before that would not bring it back.
    await Promise.resolve();
    return new TrainingRun(
      model,
      digits,
      options,
      checkpoint,
      before,
      inGraph ?? new StockTraining(model),
    );
  }

  /** Whether there is another epoch to run. */
  get goesOn(): boolean {
    return this.finished.length < this.options.epochs && !this.stopped && !this.ended;
  }

  /**
   * Runs the next epoch with its validation and callbacks, and keeps it in the checkpoint; nothing of
   * one that an interrupt stops.
   *
   * @throws DivergenceError when the loss explodes.
   */
  async runEpoch(): Promise<void> {
    const epoch = this.finished.length + 1;
    const epochStart = performance.now();
    const epochMeans = await this.runBatches(epoch);
    if (this.stopped) return;
    const { model, steps, options } = this;
    await steps.save();
    const validation = await steps.score(this.digits.validation);
    const scores = {
      ...epochMeans.means,
      validationLoss: validation.loss,
      validationAccuracy: validation.accuracy,
    };
    const learningRate =
      steps instanceof GraphTraining ? steps.learningRate : learningRateOf(model.optimizer);
    this.finished.push({ epoch, ...scores, learningRate, seconds: secondsSince(epochStart) });
    tf.dispose(this.lastFinished);
    this.lastFinished = copyWeights(model);
    for (const callback of options.callbacks) {
      await callback.onEpochEnd(epoch - 1, logsOf(scores));
    }
    this.ended = model.stopTraining;
    const { finished, ended } = this;
    const random = this.random.state();
    const seconds = this.clock.seconds();
    const stepState = steps instanceof GraphTraining ? steps.ownState() : [];
    await this.checkpoint?.save({ epochs: finished, seconds, ended, random }, stepState);
    this.report(epoch, this.clock.batchCount, epochMeans, ended || epoch === options.epochs);
  }

  /** Ends the run, as finished or as interrupted, and gives its history. */
  async end(): Promise<TrainingHistory> {
    const { finished, clock, options } = this;
    const interrupted = this.stopped && !this.ended && finished.length < options.epochs;
    if (interrupted) {
      this.restoreWeights();
      this.report(finished.length + 1, 0, new EpochMeans(this.model), true);
    } else {
      for (const callback of options.callbacks) {
        await callback.onTrainEnd();
      }
      if (finished.length === this.before?.epochs.length) {
        this.report(finished.length, clock.batchCount, new EpochMeans(this.model), true);
      }
    }
    return { epochs: finished, seconds: clock.seconds(), interrupted };
  }

  /** Gives the model the weights of the last finished epoch, or the initial ones. */
  restoreWeights(): void {
    this.model.setWeights(this.lastFinished);
  }

  /** Frees what the run has taken; the model stays as it is. */
  dispose(): void {
    process.off('SIGINT', this.stop);
    this.options.signal?.removeEventListener('abort', this.stop);
    this.steps.dispose();
    tf.dispose(this.lastFinished);
  }

  private async runBatches(epoch: number): Promise<EpochMeans> {
    const { training } = this.digits;
    const { batchSize, seed } = this.options;
    const { batchCount } = this.clock;
    const order = shuffledIndices(training.count, seededRandom(seed, `shuffle ${epoch}`));
    const means = new EpochMeans(this.model);
    const { steps } = this;
    const draw = () => drawSeed(this.random);
    const atATime = steps instanceof GraphTraining ? steps.stepsAtATime(batchSize) : 1;
    for (let done = 0; done < batchCount && !this.stopped; done += atATime) {
      const start = performance.now();
      const batches = Array.from({ length: Math.min(atATime, batchCount - done) }, (_, index) =>
        order.subarray((done + index) * batchSize, (done + index + 1) * batchSize),
      );
      const results =
        steps instanceof GraphTraining
          ? steps.stepsOn(batches, draw)
          : [await steps.step(selectDigits(training, batches[0]), draw)];
      const seconds = secondsSince(start) / batches.length;
      for (const [index, { length }] of batches.entries()) {
        const batch = done + index + 1;
        means.add(results[index], length, `epoch ${epoch}, batch ${batch} of ${batchCount}`);
        this.clock.addBatch(length, seconds);
        this.report(epoch, batch, means, false);
      }
      // Signals and the notebook's messages wait for the event loop.
      await new Promise(setImmediate);
    }
    return means;
  }

  private report(epoch: number, batch: number, { means }: EpochMeans, done: boolean): void {
    const { clock, finished, options } = this;
    options.onProgress({
      epoch,
      epochCount: options.epochs,
      batch,
      batchCount: clock.batchCount,
      ...means,
      imagesPerSecond: clock.imagesPerSecond(),
      secondsLeft: done ? 0 : clock.secondsLeft(epoch, batch),
      finished: [...finished],
      done,
    });
  }
}

function withDefaults(options: TrainingOptions, imageCount: number) {
  const { epochs, batchSize = 128, replicas = 1, schedule, ...others } = options;
  const { augmentation, weightDecay, labelSmoothing, averageDecay } = options;
  const precision = availablePrecision(options.precision ?? 'float32');
  const batchCount = Math.ceil(imageCount / batchSize);
  return {
    ...others,
    epochs,
    batchSize,
    batchCount,
    seed: options.seed ?? 42,
    fusedKernels: options.fusedKernels ?? true,
    callbacks: options.callbacks ?? [],
    onProgress: options.onProgress ?? (() => {}),
    /** What the engine is given. */
    graph: {
      replicas,
      // What is the default is left out, so that checkpoints from before there was a choice fit.
      precision: precision === 'float32' ? undefined : precision,
      augmentation,
      schedule: schedule && { ...schedule, steps: epochs * batchCount },
      weightDecay,
      labelSmoothing,
      averageDecay,
    },
  };
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

/** The checkpoint that the options ask for, with all that decides what the training ends with. */
function openCheckpoint(
  model: tf.LayersModel,
  { training, validation }: RunDigits,
  options: RunOptions,
): Checkpoint<RunState> | undefined {
  const { checkpointFile, batchSize, seed, fusedKernels, callbacks } = options;
  if (checkpointFile === undefined) return undefined;
  return new Checkpoint(checkpointFile, model, callbacks, {
    network: networkDigest(model),
    ...compilationOf(model),
    learningRate: learningRateOf(model.optimizer),
    batchSize,
    seed,
    fusedKernels,
    ...options.graph,
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

/** Copies that no later step changes; whoever asks disposes of them. */
function copyWeights(model: tf.LayersModel): tf.Tensor[] {
  return tf.tidy(() => model.getWeights().map((weight) => weight.clone()));
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
