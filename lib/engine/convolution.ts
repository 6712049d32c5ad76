import type { tf } from '../platform/tensorflow';
import { addBiasAndRelu, type LinearLayer } from './bias';
import type { FusedLayer } from './network';

/** Conv2D with its bias and relu, Conv2DBackpropFilter and Conv2DBackpropInput. */
export function fuseConvolution(layer: tf.layers.Layer): FusedLayer | undefined {
  const { activation, padding, strides, dilationRate } = layer.getConfig();
  const dilated = (dilationRate as number[]).some((rate) => rate !== 1);
  const covered = ['relu', 'linear'].includes(activation as string) && padding !== 'causal';
  if (dilated || !covered) {
    return undefined;
  }
  const { kernel, bias } = layer as unknown as LinearLayer;
  const attributes = {
    strides: [1, ...(strides as number[]), 1],
    padding: (padding as string).toUpperCase(),
  };
  return (pass, input) => {
    const { graph } = pass;
    const product = graph.float('Conv2D', [input, pass.read(kernel)], attributes);
    const biased = addBiasAndRelu(pass, product, bias, activation === 'relu');
    return {
      output: biased.output,
      backward(gradient) {
        const byProduct = biased.backward(gradient);
        const kernelShape = graph.constant(Int32Array.from(kernel.shape as number[]));
        const inputShape = graph.float('Shape', [input]);
        pass.gradients.set(
          kernel,
          graph.float('Conv2DBackpropFilter', [input, kernelShape, byProduct], attributes),
        );
        const inputs = [inputShape, pass.read(kernel), byProduct];
        return graph.float('Conv2DBackpropInput', inputs, attributes);
      },
    };
  };
}
