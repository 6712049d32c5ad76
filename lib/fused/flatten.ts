import type { tf } from '../tensorflow';
import type { Value } from './graph';
import type { FusedLayer } from './network';

/** Reshape, there and back. */
export function fuseFlatten(layer: tf.layers.Layer): FusedLayer {
  const inputShape = (layer.input as tf.SymbolicTensor).shape.slice(1) as number[];
  const outputShape = (layer.output as tf.SymbolicTensor).shape.slice(1) as number[];
  return ({ graph }, input) => {
    const reshape = (value: Value, shape: readonly number[]) =>
      graph.float('Reshape', [value, graph.constant(Int32Array.of(-1, ...shape))]);
    return {
      output: reshape(input, outputShape),
      backward: (gradient) => reshape(gradient, inputShape),
    };
  };
}
