import type { tf } from '../platform/tensorflow';
import type { Graph, Value } from './graph';
import type { Pass } from './pass';

/** What a weight adds to the loss: a share of the sum of its squares. */
export interface Penalty {
  readonly weight: tf.LayerVariable;
  readonly share: number;
}

/** The regularizers that are covered, with the weight that each is about. */
const regularizedWeights: Readonly<Record<string, string>> = {
  kernelRegularizer: 'kernel',
  depthwiseRegularizer: 'depthwiseKernel',
  pointwiseRegularizer: 'pointwiseKernel',
};

/** Gives the penalties of a layer; or says which of its regularizers is not covered. */
export function penaltiesOf(layer: tf.layers.Layer): Penalty[] | string {
  const fields = layer as unknown as Readonly<Record<string, unknown>>;
  const penalties: Penalty[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (!/Regularizer$/.test(key) || value == null) continue;
    const weight = fields[regularizedWeights[key]] as tf.LayerVariable | undefined;
    const { l1, l2 } = value as { l1?: number; l2?: number };
    if (weight == null || l1 !== 0 || l2 === undefined) {
      return `has a ${key} that is no L2 of a kernel`;
    }
    penalties.push({ weight, share: l2 });
  }
  return penalties;
}

/**
 * Adds the sum of the penalties, and their gradients to those in the pass.
 *
 * @returns A scalar in nats.
 */
export function addPenalties(pass: Pass, penalties: readonly Penalty[]): Value {
  const { graph } = pass;
  if (penalties.length === 0) return graph.scalar(0);
  return graph.sum(
    penalties.map(({ weight, share }) => {
      const value = pass.readFloat(weight);
      pass.addGradient(weight, scaled(graph, value, 2 * share));
      // L2Loss is half the sum of the squares.
      return scaled(graph, graph.op('L2Loss', [value]), 2 * share);
    }),
  );
}

function scaled(graph: Graph, value: Value, factor: number): Value {
  return graph.op('Mul', [value, graph.scalar(factor)]);
}
