import type { tf } from '../platform/tensorflow';

/** A use of a layer in a model: what it takes and gives there. */
export interface LayerUse {
  readonly layer: tf.layers.Layer;
  /** The uses whose outputs it takes, by their places in the plan; none for the model's input. */
  readonly inputs: readonly number[];
  readonly inputShapes: readonly tf.Shape[];
  readonly outputShape: tf.Shape;
  /** Whether it gives the model's output. */
  readonly isOutput: boolean;
}

/** What tfjs keeps of the use of a layer in a model, and has no public type for. */
interface LayerNode {
  readonly inputTensors: readonly UsedTensor[];
  readonly inputShapes: readonly tf.Shape[];
  readonly outputShapes: readonly tf.Shape[];
}

interface UsedTensor {
  readonly id: number;
  readonly sourceLayer: tf.layers.Layer;
  readonly nodeIndex: number;
}

/**
 * Puts the layers of a model into an order in which each comes after those that it takes from. A
 * layer that is used twice stands there twice; of a model that is a layer stand the layers inside.
 *
 * @param model - One with one input and one output.
 * @returns The uses; the input is the first, and the last gives the output.
 */
export function planOf(model: tf.LayersModel): LayerUse[] {
  const plan: LayerUse[] = [];
  const add = (tensor: UsedTensor, places: Map<number, number>): number => {
    const known = places.get(tensor.id);
    if (known !== undefined) return known;
    const { sourceLayer: layer } = tensor;
    const node = nodeOf(tensor);
    // An input layer takes what it gives.
    const isInput = layer.getClassName() === 'InputLayer';
    const inputs = isInput ? [] : node.inputTensors.map((input) => add(input, places));
    let place: number;
    const inner = layer as tf.LayersModel;
    if (inner.outputs !== undefined) {
      const innerPlaces = new Map(inner.inputs.map(({ id }, index) => [id, inputs[index]]));
      place = add(used(inner.outputs[0]), innerPlaces);
    } else {
      const [outputShape] = node.outputShapes;
      place = plan.length;
      plan.push({ layer, inputs, inputShapes: node.inputShapes, outputShape, isOutput: false });
    }
    places.set(tensor.id, place);
    return place;
  };
  const places = new Map<number, number>();
  add(used(model.inputs[0]), places);
  const last = add(used(model.outputs[0]), places);
  return plan.map((use, place) => ({ ...use, isOutput: place === last }));
}

/** Gives what tfjs keeps of a value between layers. */
export function used(tensor: tf.SymbolicTensor): UsedTensor {
  return tensor as unknown as UsedTensor;
}

/** Gives the use of a layer that a value comes from. */
export function nodeOf({ sourceLayer, nodeIndex }: UsedTensor): LayerNode {
  return sourceLayer.inboundNodes[nodeIndex] as unknown as LayerNode;
}
