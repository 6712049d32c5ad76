import type { Augmentation } from './engine/index';
import { builderOf, type ArchitectureName } from './networks/architectures';
import type { TrainingOptions } from './training/train';

/** How a network is trained. */
export interface Recipe extends Pick<
  TrainingOptions,
  'schedule' | 'weightDecay' | 'averageDecay' | 'labelSmoothing'
> {
  readonly epochs: number;
  readonly batchSize: number;
  /** Step size of Adam, at its highest where there is a schedule. */
  readonly learningRate: number;
}

/** The recipe of the sources, and of networks of one's own. */
const standard: Recipe = { epochs: 15, batchSize: 128, learningRate: 0.001 };

/** Recipes of the networks that no source has: starting points, compared with few others so far. */
const chosen: Partial<Record<ArchitectureName, Recipe>> = {
  'residual-cnn': {
    ...{ epochs: 20, batchSize: 128, learningRate: 0.005 },
    ...{ schedule: { kind: 'one-cycle' }, weightDecay: 0.02, averageDecay: 0.998 },
  },
  'tiny-cnn': {
    ...{ epochs: 20, batchSize: 128, learningRate: 0.02 },
    ...{ schedule: { kind: 'one-cycle' }, averageDecay: 0.998 },
  },
  'fast-cnn': {
    ...{ epochs: 2, batchSize: 128, learningRate: 0.015 },
    ...{ schedule: { kind: 'one-cycle' }, labelSmoothing: 0.1 },
  },
};

/**
 * Gives the recipe that `MnistClassifier` trains a network by.
 *
 * @param architecture - A network of this library, or a builder.
 * @returns A copy, which may be changed.
 * @throws RangeError when there is no network of that name.
 */
export function recipeOf(architecture: ArchitectureName | object): Recipe {
  if (typeof architecture !== 'string') return { ...standard };
  builderOf(architecture);
  return structuredClone(chosen[architecture] ?? standard);
}

/**
 * How far the random maps of an augmentation may move a digit that it stays one: angles in degrees,
 * the others as shares. A gentle start, not yet compared with others on the validation digits.
 */
export const digitAugmentation: Augmentation = { rotation: 10, shift: 0.1, zoom: 0.1, shear: 5 };
