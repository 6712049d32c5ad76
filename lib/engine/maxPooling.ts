import type { tf } from '../platform/tensorflow';
import type { FusedLayer } from './network';

/** MaxPool and MaxPoolGrad. */
export function fuseMaxPooling(layer: tf.layers.Layer): FusedLayer {
  const { poolSize, strides, padding } = layer.getConfig();
  const attributes = {
    ksize: [1, ...(poolSize as number[]), 1],
    strides: [1, ...(strides as number[]), 1],
    padding: (padding as string).toUpperCase(),
  };
  return ({ graph }, input) => {
    const output = graph.float('MaxPool', [input], attributes);
    return {
      output,
      backward: (gradient) => graph.float('MaxPoolGrad', [input, output, gradient], attributes),
    };
  };
}
