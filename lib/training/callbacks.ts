import { learningRateOf, setLearningRate } from './learningRate';
import { requireKnown, requireNumber, requireWhole } from '../platform/numbers';
import { tf } from '../platform/tensorflow';

/** What both callbacks watch, and when they see a plateau. */
export interface PlateauOptions {
  /** Name of the watched value in an epoch's logs, as tfjs names it. @default 'val_loss' */
  readonly monitor?: string;
  /**
   * Whether a lower value is better (`min`) or a higher one (`max`); `auto` knows it for tfjs's own
   * losses and metrics, with or without `val_`. @default 'auto'
   */
  readonly mode?: 'auto' | 'min' | 'max';
  /**
   * A value counts as an improvement only when it is better than the best by more than this, in the
   * unit of the value; the sign does not matter. @default 0 to stop, 1e-4 to reduce the rate
   */
  readonly minDelta?: number;
  /** Epochs in a row without improvement that are too many. @default 0 to stop, 10 to reduce */
  readonly patience?: number;
}

/** How to stop early. */
export interface EarlyStoppingOptions extends PlateauOptions {
  /** Patience is not renewed by epochs that do not beat this value. @default null, none */
  readonly baseline?: number | null;
  /**
   * Whether the model ends with the weights of its best epoch, when it was not stopped too. They
   * are kept in memory, 4 bytes a weight. @default false
   */
  readonly restoreBestWeights?: boolean;
  /** Epochs at the beginning that are not watched. @default 0 */
  readonly startFromEpoch?: number;
}

/** How to reduce the learning rate. */
export interface ReduceLearningRateOptions extends PlateauOptions {
  /** What the rate is multiplied by, above 0 and below 1. @default 0.1 */
  readonly factor?: number;
  /** Epochs after a reduction in which patience is not used up. @default 0 */
  readonly cooldown?: number;
  /** The rate is not reduced below this. @default 0 */
  readonly minLearningRate?: number;
}

/** What a checkpoint keeps of a callback. */
export interface CallbackState {
  /** Counters and values by name, never NaN or infinite, so that JSON can hold them. */
  readonly values: Readonly<Record<string, number | null>>;
  /** Weights in the order of `model.getWeights()`, flat, not to be changed; empty without any. */
  readonly weights: readonly Float32Array[];
}

/** An epoch's figures by name; `model.fit` gives those of training as tensors. */
type Logs = Record<string, number | tf.Scalar>;

// The direction that Keras gives its metric of that name, by the names that tfjs logs. tfjs's cosine
// proximity is Keras's similarity with its sign turned.
const higherIsBetter =
  'acc accuracy binaryAccuracy categoricalAccuracy sparseCategoricalAccuracy precision recall auc ' +
  'r2Score';
const lowerIsBetter =
  'loss ce binaryCrossentropy categoricalCrossentropy sparseCategoricalCrossentropy mse MSE ' +
  'meanSquaredError mae MAE meanAbsoluteError mape MAPE meanAbsolutePercentageError ' +
  'meanSquaredLogarithmicError hinge squaredHinge categoricalHinge logcosh ' +
  'kullbackLeiblerDivergence poisson cosine cosineProximity';

/** What the two callbacks share: the watched value, the best one so far, and the waiting since. */
abstract class PlateauCallback extends tf.Callback {
  /** The class and all its options, defaults filled in, `mode` decided; plain and fit for JSON. */
  abstract readonly settings: Readonly<Required<PlateauOptions>> & { readonly class: string };

  protected wait = 0;
  protected best: number | undefined;

  /** Forgets earlier training, as Keras does. */
  override async onTrainBegin(): Promise<void> {
    this.wait = 0;
    this.best = undefined;
  }

  protected get trainedModel(): tf.LayersModel {
    if (!this.model) {
      throw new Error(
        `${this.settings.class} has no model yet; call setModel and onTrainBegin first, as ` +
          'model.fit and train do',
      );
    }
    return this.model;
  }

  protected async monitored(epoch: number, logs: Logs): Promise<number> {
    const { monitor, class: name } = this.settings;
    const value = logs[monitor];
    if (value === undefined || value === null) {
      throw new Error(
        `${name} monitors ${monitor}, which the logs of epoch ${epoch + 1} lack; they have ` +
          `${Object.keys(logs).join(', ') || 'nothing'}. Monitor one of these, or train with the ` +
          'validation data or metric that gives it',
      );
    }
    return typeof value === 'number' ? value : (await value.data())[0];
  }

  /** Compares 32-bit numbers, as Keras does; anything improves on nothing. */
  protected isImprovement(value: number, reference: number | undefined): boolean {
    if (reference === undefined) {
      return true;
    }
    const { mode, minDelta } = this.settings;
    return mode === 'min'
      ? Math.fround(value + minDelta) < Math.fround(reference)
      : Math.fround(value - minDelta) > Math.fround(reference);
  }

  protected plateauValues(): CallbackState['values'] {
    const { wait, best } = this;
    // A NaN or infinite best value is kept by its sign, 0 for NaN.
    const isLimit = best !== undefined && !Number.isFinite(best);
    return {
      wait,
      best: isLimit ? null : (best ?? null),
      bestLimit: isLimit ? Math.sign(best) || 0 : null,
    };
  }

  protected setPlateauValues(state: CallbackState): void {
    const limit = this.stateValue(state, 'bestLimit');
    this.wait = this.stateValue(state, 'wait') ?? 0;
    this.best = limit === undefined ? this.stateValue(state, 'best') : limit / 0;
  }

  protected stateValue({ values }: CallbackState, name: string): number | undefined {
    const value = values[name];
    if (value !== null && !Number.isFinite(value)) {
      throw new RangeError(
        `the state of ${this.settings.class} has ${value} as ${name}; expected a number or null, ` +
          'as its getState gives',
      );
    }
    return value ?? undefined;
  }
}

/**
 * Stops a training when a watched value no longer improves, and can give the best weights back.
 *
 * For `model.fit` of any tfjs model and for `train`. Meanings and defaults are those of Keras 3's
 * `EarlyStopping`, except that logs without the watched value are an error, where Keras warns and
 * goes on; that an unknown `mode` is one, where Keras takes `auto`; and that a monitor which `auto`
 * cannot judge is refused here, and not at the end of the first epoch.
 *
 * @throws RangeError when an option is out of its range, or `auto` does not know the monitor.
 * @example callbacks: [new EarlyStopping({ patience: 3, restoreBestWeights: true })]
 */
export class EarlyStopping extends PlateauCallback {
  readonly settings: Readonly<Required<EarlyStoppingOptions>> & { readonly class: 'EarlyStopping' };

  private bestWeights: readonly Float32Array[] = [];
  private bestAt: number | undefined;
  private stoppedAt: number | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    const { baseline = null, restoreBestWeights = false, startFromEpoch = 0 } = options;
    const plateau = decided(options, 0, 0);
    if (baseline !== null) {
      requireNumber('baseline', baseline, 'a number or null');
    }
    requireWhole('startFromEpoch', startFromEpoch, 0);
    const own = { baseline, restoreBestWeights, startFromEpoch };
    requireKnown('EarlyStopping', options, Object.keys({ ...plateau, ...own }));
    this.settings = { class: 'EarlyStopping', ...plateau, ...own };
  }

  /** Number of the epoch with the best value, from 1; undefined before the first watched one. */
  get bestEpoch(): number | undefined {
    return this.bestAt;
  }

  /** Number of the epoch after which the training was stopped, from 1; undefined if it was not. */
  get stoppedEpoch(): number | undefined {
    return this.stoppedAt;
  }

  override async onTrainBegin(): Promise<void> {
    await super.onTrainBegin();
    this.bestWeights = [];
    this.bestAt = undefined;
    this.stoppedAt = undefined;
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const { baseline, patience, restoreBestWeights, startFromEpoch } = this.settings;
    const value = await this.monitored(epoch, logs);
    if (epoch < startFromEpoch) {
      return;
    }
    this.wait += 1;
    if (this.isImprovement(value, this.best)) {
      this.best = value;
      this.bestAt = epoch + 1;
      if (restoreBestWeights) {
        this.bestWeights = await copyWeights(this.trainedModel);
      }
      if (this.isImprovement(value, baseline ?? undefined)) {
        this.wait = 0;
      }
    } else if (this.wait >= patience) {
      this.stoppedAt = epoch + 1;
      this.trainedModel.stopTraining = true;
    }
  }

  override async onTrainEnd(): Promise<void> {
    const { bestWeights } = this;
    if (bestWeights.length > 0) {
      tf.tidy(() => {
        const weights = this.trainedModel.getWeights();
        const best = weights.map(({ shape }, index) => tf.tensor(bestWeights[index], shape));
        this.trainedModel.setWeights(best);
      });
    }
  }

  /** Gives all that the next epoch depends on; see {@link setState}. */
  getState(): CallbackState {
    const epochs = { bestEpoch: this.bestAt ?? null, stoppedEpoch: this.stoppedAt ?? null };
    return { values: { ...this.plateauValues(), ...epochs }, weights: this.bestWeights };
  }

  /**
   * Goes on where {@link getState} was asked; a model that had been stopped is stopped again.
   *
   * Call it after `setModel` and `onTrainBegin`, on a callback of equal `settings`.
   *
   * @throws RangeError when the state is not one of this class, or its weights do not fit the model.
   */
  setState(state: CallbackState): void {
    const bestAt = this.stateValue(state, 'bestEpoch');
    const stoppedAt = this.stateValue(state, 'stoppedEpoch');
    const sizes = this.trainedModel.getWeights().map(({ size }) => size);
    const expected = this.settings.restoreBestWeights && bestAt !== undefined ? sizes : [];
    const found = state.weights.map(({ length }) => length);
    if (found.join() !== expected.join()) {
      throw new RangeError(
        `the state of EarlyStopping has weights of [${found}] values; expected [${expected}], ` +
          'for the same model and the same restoreBestWeights',
      );
    }
    this.setPlateauValues(state);
    this.bestAt = bestAt;
    this.stoppedAt = stoppedAt;
    this.bestWeights = state.weights;
    if (stoppedAt !== undefined) {
      this.trainedModel.stopTraining = true;
    }
  }
}

/**
 * Reduces the learning rate when a watched value no longer improves.
 *
 * For `model.fit` of any tfjs model and for `train`. Meanings and defaults are those of Keras 3's
 * `ReduceLROnPlateau`, with the exceptions that {@link EarlyStopping} names. As in Keras, the rate
 * joins the epoch's logs as `learning_rate`, and with them the history that `model.fit` gives.
 *
 * @throws RangeError when an option is out of its range, or `auto` does not know the monitor.
 * @example callbacks: [new ReduceLearningRateOnPlateau({ factor: 0.5, patience: 2 })]
 */
export class ReduceLearningRateOnPlateau extends PlateauCallback {
  readonly settings: Readonly<Required<ReduceLearningRateOptions>> & {
    readonly class: 'ReduceLearningRateOnPlateau';
  };

  private cooldownLeft = 0;

  constructor(options: ReduceLearningRateOptions = {}) {
    super();
    const { factor = 0.1, cooldown = 0, minLearningRate = 0 } = options;
    const plateau = decided(options, 1e-4, 10);
    requireNumber('factor', factor, 'above 0 and below 1', factor > 0 && factor < 1);
    requireWhole('cooldown', cooldown, 0);
    requireNumber('minLearningRate', minLearningRate, 'a number from 0', minLearningRate >= 0);
    const own = { factor, cooldown, minLearningRate };
    requireKnown('ReduceLearningRateOnPlateau', options, Object.keys({ ...plateau, ...own }));
    this.settings = { class: 'ReduceLearningRateOnPlateau', ...plateau, ...own };
  }

  override async onTrainBegin(): Promise<void> {
    await super.onTrainBegin();
    this.cooldownLeft = 0;
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    logs.learning_rate = learningRateOf(this.trainedModel.optimizer);
    const value = await this.monitored(epoch, logs);
    if (this.cooldownLeft > 0) {
      this.cooldownLeft -= 1;
    }
    if (this.isImprovement(value, this.best)) {
      this.best = value;
      this.wait = 0;
    } else if (this.cooldownLeft === 0) {
      this.wait += 1;
      if (this.wait >= this.settings.patience && this.reduce()) {
        this.cooldownLeft = this.settings.cooldown;
        this.wait = 0;
      }
    }
  }

  /**
   * Gives all that the next epoch depends on except the learning rate, which is the optimizer's,
   * to be kept with its moments.
   */
  getState(): CallbackState {
    return { values: { ...this.plateauValues(), cooldownLeft: this.cooldownLeft }, weights: [] };
  }

  /**
   * Goes on where {@link getState} was asked.
   *
   * Call it after `onTrainBegin`, on a callback of equal `settings`.
   *
   * @throws RangeError when the state is not one of this class.
   */
  setState(state: CallbackState): void {
    const cooldownLeft = this.stateValue(state, 'cooldownLeft') ?? 0;
    this.setPlateauValues(state);
    this.cooldownLeft = cooldownLeft;
  }

  private reduce(): boolean {
    const { factor, minLearningRate } = this.settings;
    const { optimizer } = this.trainedModel;
    const rate = learningRateOf(optimizer);
    // As 32-bit numbers, which Keras keeps: a rate that differs by rounding is at its end.
    if (Math.fround(rate) <= Math.fround(minLearningRate)) {
      return false;
    }
    setLearningRate(optimizer, Math.max(rate * factor, minLearningRate));
    return true;
  }
}

/** Checks the common options, and fills in what they leave open. */
function decided(options: PlateauOptions, leastChange: number, epochs: number) {
  const {
    monitor = 'val_loss',
    mode = 'auto',
    minDelta = leastChange,
    patience = epochs,
  } = options;
  requireNumber('minDelta', minDelta, 'a number');
  requireWhole('patience', patience, 0);
  return { monitor, mode: direction(monitor, mode), minDelta: Math.abs(minDelta), patience };
}

function direction(monitor: string, mode: string): 'min' | 'max' {
  if (mode === 'min' || mode === 'max') {
    return mode;
  }
  if (mode !== 'auto') {
    throw new RangeError(`mode is ${mode}; expected auto, min or max`);
  }
  const metric = monitor.replace(/^val_/, '');
  if (lowerIsBetter.split(' ').includes(metric)) {
    return 'min';
  }
  if (higherIsBetter.split(' ').includes(metric)) {
    return 'max';
  }
  throw new RangeError(
    `mode is auto, which does not know the monitor ${monitor}; expected min if lower is better, ` +
      'or max if higher is',
  );
}

/** Copies that no later step changes. */
async function copyWeights(model: tf.LayersModel): Promise<Float32Array[]> {
  const values = await Promise.all(model.getWeights().map((weight) => weight.data()));
  return values.map((weight) => Float32Array.from(weight));
}
