import type { Value } from './graph';
import type { FusedLayer } from './network';
import type { LayerShape } from './shapes';

/** Reshape, there and back. */
export function fuseFlatten(shaped: LayerShape): FusedLayer {
  const [inputShape, outputShape] = [shaped.inputShape, shaped.outputShape].map(
    (shape) => shape.slice(1) as number[],
  );
  return ({ graph }, input) => {
    const reshape = (value: Value, shape: readonly number[]) =>
      graph.float('Reshape', [value, graph.constant(Int32Array.of(-1, ...shape))]);
    return {
      output: reshape(input, outputShape),
      backward: (gradient) => reshape(gradient, inputShape),
    };
  };
}
