import { requireAugmentation, type Augmentation } from './augmentation';
import type { Batch } from './data';
import { typeOfPrecision, type Precision } from './precision';
import { requireSchedule, type Schedule } from './schedule';

/** What a training in a graph can have that `model.fit` has not. */
export interface GraphTrainingOptions {
  /**
   * Parts that a batch is split in, which run side by side; a batch normalization sees one part.
   * Gradients are those of the whole batch, moving averages average over the parts. @default 1
   */
  readonly replicas?: number;
  /** What stays in the graph, so that `stepsOn` is told only which rows. @default nothing */
  readonly data?: Batch;
  /**
   * In how many bits the layers compute, in steps and scores; weights, optimizer, statistics, loss
   * and softmax keep 32. Faster on processors that have `bfloat16`; on others, 32 bits are used and a
   * line says so. @default float32
   */
  readonly precision?: Precision;
  /** How far a random map moves each image, anew in every step. @default not at all */
  readonly augmentation?: Augmentation;
  /** How the learning rate goes, with the optimizer's own as the peak. @default it stays */
  readonly schedule?: Schedule;
  /**
   * Share of the kernels, times the learning rate, that each step takes off, beside what the
   * optimizer does (Loshchilov and Hutter, 2019): with Adam, this is AdamW. @default 0
   */
  readonly weightDecay?: number;
  /**
   * Share of the truth, 0 to below 1, that is spread evenly over the classes (Szegedy et al., 2016);
   * the loss of a score is without it. @default 0
   */
  readonly labelSmoothing?: number;
  /**
   * Share that stays, in each step, of a moving average of the trained weights, 0 to below 1; less in
   * the first ones, `(1 + step) / (10 + step)` from step 0, as in TensorFlow's ExponentialMovingAverage. Scores and
   * the saved model have the averages. @default 0, no averages
   */
  readonly averageDecay?: number;
  /** Steps that came before, in a run that goes on. @default 0 */
  readonly stepsDone?: number;
  /** What `GraphTraining.ownState` gave, in a run that goes on. @default the model's weights */
  readonly ownState?: readonly Float32Array[];
}

/** The options that change what is learned, so that `model.fit` could not stand in. */
const graphOnly = [
  'augmentation',
  'schedule',
  'weightDecay',
  'labelSmoothing',
  'averageDecay',
] as const;

/** Gives the names of the options in use that a training by tfjs would not have. */
export function graphOnlyOptions(options: GraphTrainingOptions): string[] {
  const others = graphOnly.filter((name) => options[name]);
  return options.precision === 'bfloat16' ? ['precision', ...others] : others;
}

/**
 * Refuses options out of range.
 *
 * @throws RangeError that names the option, what it is and what was expected.
 */
export function requireGraphOptions(options: GraphTrainingOptions): void {
  const { augmentation, schedule, weightDecay = 0, labelSmoothing = 0, averageDecay = 0 } = options;
  typeOfPrecision(options.precision ?? 'float32');
  if (augmentation !== undefined) requireAugmentation(augmentation);
  if (schedule !== undefined) requireSchedule(schedule);
  if (!(weightDecay >= 0 && Number.isFinite(weightDecay))) {
    throw new RangeError(`weightDecay is ${weightDecay}; expected a number from 0`);
  }
  for (const [name, share] of Object.entries({ labelSmoothing, averageDecay })) {
    if (!(share >= 0 && share < 1)) {
      throw new RangeError(`${name} is ${share}; expected a number from 0 to below 1`);
    }
  }
}
