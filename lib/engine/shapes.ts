import type { tf } from '../platform/tensorflow';
import { nodeOf, used } from './plan';

/** A layer, and what goes in and comes out of it in one model. */
export interface LayerShape {
  readonly layer: tf.layers.Layer;
  /** The layers whose outputs it takes, in their order. */
  readonly sources: readonly tf.layers.Layer[];
  readonly inputShape: tf.Shape;
  readonly outputShape: tf.Shape;
}

/**
 * Gives the shapes and sources of a model's layers in that model; tfjs's `layer.outputShape` throws for a layer
 * that several models share.
 *
 * @returns One entry a layer, in the order of `model.layers`; a layer that the model uses twice has
 *   the shapes of one use, and a layer with several inputs or outputs those of the first.
 */
export function layerShapes(model: tf.LayersModel): LayerShape[] {
  const nodes = new Map<object, ReturnType<typeof nodeOf>>();
  const left = model.outputs.map(used);
  for (let tensor = left.pop(); tensor !== undefined; tensor = left.pop()) {
    const node = nodeOf(tensor);
    if (nodes.get(tensor.sourceLayer) === node) continue;
    nodes.set(tensor.sourceLayer, node);
    left.push(...node.inputTensors);
  }
  return model.layers.map((layer) => {
    const node = nodes.get(layer);
    if (node !== undefined) {
      // The input layer of a model takes what it gives.
      const [outputShape] = node.outputShapes;
      // tfjs lets an input layer take itself.
      const takes = node.inputTensors.map(({ sourceLayer }) => sourceLayer);
      const sources = takes.filter((source) => source !== layer);
      return { layer, sources, inputShape: node.inputShapes[0] ?? outputShape, outputShape };
    }
    // Of a model that is the first layer of another, tfjs keeps only the layers inside.
    const { inputs, outputs } = layer as tf.LayersModel;
    return { layer, sources: [], inputShape: inputs[0].shape, outputShape: outputs[0].shape };
  });
}
