import { addBiasAndRelu } from './bias';
import { activationRefusal, weightsOf, type LayerKind } from './kind';

/**
 * MatMul of rows with its bias and relu, and the two products of its gradient.
 *
 * A softmax is left out: it is part of the loss, so only the last layer can have one.
 */
export const dense: LayerKind = ({ layer, inputShapes, isOutput }) => {
  const { activation } = layer.getConfig();
  if (inputShapes[0].length !== 2) return 'takes more than rows of numbers';
  const isSoftmax = isOutput && activation === 'softmax';
  const refusal = isSoftmax ? undefined : activationRefusal(activation);
  if (refusal !== undefined) return refusal;
  const { kernel, bias } = weightsOf<'kernel'>(layer);
  return (pass, [input]) => {
    const { graph } = pass;
    const product = graph.op('MatMul', [input, pass.read(kernel)]);
    const biased = addBiasAndRelu(pass, product, bias, activation === 'relu');
    return {
      output: biased.output,
      backward(gradient) {
        const byProduct = biased.backward(gradient);
        const byKernel = graph.op('MatMul', [input, byProduct], { transpose_a: true });
        pass.addGradient(kernel, byKernel);
        return [graph.op('MatMul', [byProduct, pass.read(kernel)], { transpose_b: true })];
      },
    };
  };
};
