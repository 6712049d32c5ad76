import { windowAttributes, type LayerKind } from './kind';

/** MaxPool and MaxPoolGrad. */
export const maxPooling: LayerKind = ({ layer }) => {
  const attributes = poolAttributes(layer.getConfig());
  return ({ graph }, [input]) => {
    const output = graph.op('MaxPool', [input], attributes);
    return {
      output,
      backward: (gradient) => [graph.op('MaxPoolGrad', [input, output, gradient], attributes)],
    };
  };
};

/** AvgPool and AvgPoolGrad; what is beyond the border does not count. */
export const averagePooling: LayerKind = ({ layer }) => {
  const attributes = poolAttributes(layer.getConfig());
  return ({ graph }, [input]) => ({
    output: graph.op('AvgPool', [input], attributes),
    backward(gradient) {
      const T = { type: graph.typeOf(input) };
      const inputs = [graph.op('Shape', [input]), gradient];
      return [graph.add('AvgPoolGrad', inputs, { T, ...attributes })];
    },
  });
};

/** The mean of each channel over its image. */
export const globalAveragePooling: LayerKind = ({ inputShapes: [[, height, width, channels]] }) => {
  const pixels = (height as number) * (width as number);
  return (pass, [input]) => {
    const { graph } = pass;
    const axes = graph.constant(Int32Array.of(1, 2));
    return {
      output: pass.narrow(graph.op('Mean', [pass.widen(input), axes])),
      backward(gradient) {
        const shares = new Float32Array(pixels).fill(1 / pixels);
        const image = graph.constant(shares, [1, height as number, width as number, 1]);
        const onePixel = graph.reshape(gradient, [-1, 1, 1, channels as number]);
        return [graph.op('Mul', [onePixel, pass.narrow(image)])];
      },
    };
  };
};

function poolAttributes(config: Readonly<Record<string, unknown>>) {
  return { ksize: [1, ...(config.poolSize as number[]), 1], ...windowAttributes(config) };
}
