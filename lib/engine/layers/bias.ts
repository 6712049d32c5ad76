import type { tf } from '../../platform/tensorflow';
import type { Value } from '../graph';
import type { Pass } from '../pass';

/** The weights of a dense or convolutional layer of tfjs, which its types keep to themselves. */
export interface LinearLayer {
  readonly kernel: tf.LayerVariable;
  readonly bias: tf.LayerVariable | null;
}

/**
 * Adds BiasAdd and Relu, which TensorFlow fuses into the convolution or product before them, with
 * ReluGrad and BiasAddGrad as their gradients.
 *
 * @param product - What the bias is added to.
 * @param bias - Nothing, where the layer has none.
 * @param relu - Whether a relu follows.
 */
export function addBiasAndRelu(
  pass: Pass,
  product: Value,
  bias: tf.LayerVariable | null,
  relu: boolean,
): { output: Value; backward(gradient: Value): Value } {
  const { graph } = pass;
  const biased = bias === null ? product : graph.op('BiasAdd', [product, pass.read(bias)]);
  const output = relu ? graph.op('Relu', [biased]) : biased;
  return {
    output,
    backward(gradient) {
      const byBiased = relu ? graph.op('ReluGrad', [gradient, output]) : gradient;
      if (bias !== null) {
        pass.addGradient(bias, graph.op('BiasAddGrad', [byBiased]));
      }
      return byBiased;
    },
  };
}
