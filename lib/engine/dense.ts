import { addBiasAndRelu, type LinearLayer } from './bias';
import type { FusedLayer } from './network';
import type { LayerShape } from './shapes';

/**
 * MatMul of rows with its bias and relu, and the two products of its gradient.
 *
 * A softmax is left out: it is part of the loss, so only the last layer can have one.
 */
export function fuseDense(
  { layer, inputShape }: LayerShape,
  isLast: boolean,
): FusedLayer | undefined {
  const { activation } = layer.getConfig();
  const rows = inputShape.length === 2;
  const covered = isLast ? ['softmax'] : ['relu', 'linear'];
  if (!rows || !covered.includes(activation as string)) {
    return undefined;
  }
  const { kernel, bias } = layer as unknown as LinearLayer;
  return (pass, input) => {
    const { graph } = pass;
    const product = graph.float('MatMul', [input, pass.read(kernel)]);
    const biased = addBiasAndRelu(pass, product, bias, activation === 'relu');
    return {
      output: biased.output,
      backward(gradient) {
        const byProduct = biased.backward(gradient);
        const byKernel = graph.float('MatMul', [input, byProduct], { transpose_a: true });
        pass.gradients.set(kernel, byKernel);
        return graph.float('MatMul', [byProduct, pass.read(kernel)], { transpose_b: true });
      },
    };
  };
}
