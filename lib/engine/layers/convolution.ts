import type { tf } from '../../platform/tensorflow';
import type { Attribute, Value } from '../graph';
import type { Pass } from '../pass';
import { addBiasAndRelu } from './bias';
import { activationRefusal, weightsOf, windowAttributes, type LayerKind } from './kind';

/** An operation of TensorFlow that convolves, with the name of its weight in tfjs's layer. */
type Product = readonly [type: 'Conv2D' | 'DepthwiseConv2dNative', kernel: string];

const depthwise: Product = ['DepthwiseConv2dNative', 'depthwiseKernel'];

/** Conv2D with its bias and relu, Conv2DBackpropFilter and Conv2DBackpropInput. */
export const convolution = convolutionBy(['Conv2D', 'kernel']);

/** The convolution of each channel by itself. */
export const depthwiseConvolution = convolutionBy(depthwise);

/** The convolution of each channel by itself, then one of single pixels over all channels. */
export const separableConvolution = convolutionBy(depthwise, ['Conv2D', 'pointwiseKernel']);

/** A layer of one product over windows, and others after it over single pixels. */
function convolutionBy(...products: readonly Product[]): LayerKind {
  return ({ layer }) => {
    const config = layer.getConfig();
    const [down, across] = config.strides as number[];
    if ((config.dilationRate as number[]).some((rate) => rate !== 1)) return 'has a dilation';
    if (products[0] === depthwise && down !== across) return 'has two strides';
    const refusal = activationRefusal(config.activation);
    if (refusal !== undefined) return refusal;
    const weights = weightsOf<string>(layer);
    const windows = windowAttributes(config);
    const pixels = { strides: [1, 1, 1, 1], padding: 'VALID' };
    return (pass, [input]) => {
      let value = input;
      const added = products.map(([type, kernel], index) => {
        const attributes = index === 0 ? windows : pixels;
        const product = addProduct(pass, type, [value, weights[kernel]], attributes);
        value = product.output;
        return product;
      });
      const biased = addBiasAndRelu(pass, value, weights.bias, config.activation === 'relu');
      const backward = (gradient: Value) =>
        added.reduceRight((by, product) => product.backward(by), biased.backward(gradient));
      return { output: biased.output, backward: (gradient) => [backward(gradient)] };
    };
  };
}

/** Adds a product and its two gradients, whose names begin with its own. */
function addProduct(
  pass: Pass,
  type: Product[0],
  [input, kernel]: readonly [Value, tf.LayerVariable],
  attributes: Readonly<Record<string, Attribute>>,
): { output: Value; backward(gradient: Value): Value } {
  const { graph } = pass;
  return {
    output: graph.op(type, [input, pass.read(kernel)], attributes),
    backward(gradient) {
      const typed = { T: { type: graph.typeOf(input) }, ...attributes };
      const kernelShape = graph.constant(Int32Array.from(kernel.shape as number[]));
      const byKernel = [input, kernelShape, gradient];
      pass.addGradient(kernel, graph.add(`${type}BackpropFilter`, byKernel, typed));
      const byInput = [graph.op('Shape', [input]), pass.read(kernel), gradient];
      return graph.add(`${type}BackpropInput`, byInput, typed);
    },
  };
}
