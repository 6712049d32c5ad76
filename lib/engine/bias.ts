import type { tf } from '../platform/tensorflow';
import type { Value } from './graph';
import type { LayerPass, Pass } from './network';

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
): LayerPass {
  const { graph } = pass;
  const biased = bias === null ? product : graph.float('BiasAdd', [product, pass.read(bias)]);
  const output = relu ? graph.float('Relu', [biased]) : biased;
  return {
    output,
    backward(gradient) {
      const byBiased = relu ? graph.float('ReluGrad', [gradient, output]) : gradient;
      if (bias !== null) {
        pass.gradients.set(bias, graph.float('BiasAddGrad', [byBiased]));
      }
      return byBiased;
    },
  };
}
