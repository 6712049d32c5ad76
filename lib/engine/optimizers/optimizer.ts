import type { Value } from '../graph';
import type { OptimizerState } from './state';

/** What changes the weights by their gradients, with a state that tfjs's optimizer has too. */
export interface GraphOptimizer {
  readonly state: OptimizerState;
  /** How many numbers each step is fed. */
  readonly inputCount: number;

  /**
   * Adds the operations that take a step.
   *
   * @param handles - The variables to train.
   * @param gradients - Gradient of the loss by each.
   * @param inputs - What the step is fed, as scalars.
   * @returns One operation per variable, to run for the step.
   */
  addStep(
    handles: readonly Value[],
    gradients: readonly Value[],
    inputs: readonly Value[],
  ): Value[];

  /** Gives what to feed for the next step, which then counts as taken. */
  nextInputs(learningRate: number): number[];
}
