import type { tf } from '../../platform/tensorflow';
import type { Graph } from '../graph';
import { Adam } from './adam';
import type { GraphOptimizer } from './optimizer';

/** Makes the optimizer of a graph from that of tfjs. */
type OptimizerKind = (
  graph: Graph,
  optimizer: tf.Optimizer,
  weights: readonly tf.LayerVariable[],
) => GraphOptimizer;

/** The optimizers that the engine covers, by tfjs's class names. */
export const optimizerKinds: Readonly<Record<string, OptimizerKind>> = {
  Adam: (graph, optimizer, weights) => new Adam(graph, optimizer as tf.AdamOptimizer, weights),
};
