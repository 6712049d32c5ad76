import type { tf } from '../platform/tensorflow';
import { layerKinds } from './layers/index';
import type { LayerInGraph, NetworkLayer } from './pass';
import { planOf, type LayerUse } from './plan';
import { penaltiesOf, type Penalty } from './penalty';

/** A model that the engine covers. */
export interface Network {
  readonly plan: readonly LayerUse[];
  /** What the plan's layers are in a graph, up to the logits of the last softmax. */
  readonly layers: readonly NetworkLayer[];
  /** What the loss has beside the entropy. */
  readonly penalties: readonly Penalty[];
}

/**
 * Finds the operations of a whole model, up to the logits of its last softmax.
 *
 * @returns What keeps the model from being covered, in words, where something does.
 */
export function networkOf(model: tf.LayersModel): Network | string {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    return `it has ${model.inputs.length} inputs and ${model.outputs.length} outputs`;
  }
  const plan = planOf(model);
  const layers: NetworkLayer[] = [];
  const penalties: Penalty[] = [];
  for (const use of plan) {
    const add = layerInGraph(use);
    const some = penaltiesOf(use.layer);
    const refusal = [add, some].find((it) => typeof it === 'string');
    if (typeof add === 'string' || typeof some === 'string') {
      return `layer ${use.layer.name} (${use.layer.getClassName()}) ${refusal}`;
    }
    layers.push({ inputs: use.inputs, add });
    // A layer that is used twice counts twice in tfjs's loss.
    penalties.push(...some);
  }
  const { layer, outputShape } = plan[plan.length - 1];
  const isSoftmax =
    layer.getClassName() === 'Softmax' || layer.getConfig().activation === 'softmax';
  if (!isSoftmax || outputShape.length !== 2) {
    return `layer ${layer.name} (${layer.getClassName()}) gives no softmax over classes`;
  }
  return { plan, layers, penalties };
}

/** Finds the operations of a layer where it is used; or what of it is not covered. */
export function layerInGraph(use: LayerUse): LayerInGraph | string {
  const { layer, inputShapes, outputShape } = use;
  const kind = layerKinds[layer.getClassName()];
  if (kind === undefined) return 'is of a class that the engine does not have';
  if (layer.getConfig().dataFormat === 'channelsFirst') return 'has its channels first';
  const isOpen = [...inputShapes, outputShape].some((shape) => shape.slice(1).includes(null));
  if (isOpen) return 'takes images of any size';
  const constraint = Object.entries(layer).find(([key, value]) => {
    return /Constraint$/.test(key) && value != null;
  });
  if (constraint !== undefined) return `has the constraint ${constraint[0]}`;
  return kind(use);
}
