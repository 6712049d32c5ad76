import type { Value } from '../graph';
import type { Feed, Session } from '../session';

/** What changes the weights by their gradients, with a state that tfjs's optimizer has too. */
export interface GraphOptimizer {
  /**
   * Adds the operations that take a step.
   *
   * @param handles - The variables to train.
   * @param gradients - Gradient of the loss by each.
   * @returns One operation per variable, to run for the step.
   */
  addStep(handles: readonly Value[], gradients: readonly Value[]): Value[];

  /** Gives what to feed for the next step. */
  nextInputs(): [Value, Feed][];

  /** Takes over the state of the tfjs optimizer. */
  load(session: Session): Promise<void>;

  /** Gives the tfjs optimizer the state. */
  save(session: Session): Promise<void>;
}
