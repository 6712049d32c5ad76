import type { tf } from '../../platform/tensorflow';
import type { Graph } from '../graph';
import { Adam } from './adam';
import { GradientDescent } from './gradientDescent';
import type { GraphOptimizer } from './optimizer';

/** Makes the optimizer of a graph from that of tfjs. */
type OptimizerKind = new (
  graph: Graph,
  optimizer: tf.Optimizer,
  weights: readonly tf.LayerVariable[],
) => GraphOptimizer;

/** The optimizers that the engine covers, by tfjs's class names. */
export const optimizerKinds: Readonly<Record<string, OptimizerKind>> = {
  Adam,
  Momentum: GradientDescent,
  SGD: GradientDescent,
};
