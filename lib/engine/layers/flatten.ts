import type { LayerKind } from './kind';

/** Reshape, there and back. */
export const flatten: LayerKind = ({ inputShapes, outputShape }) => {
  return ({ graph }, [input]) => ({
    output: graph.reshape(input, [-1, ...(outputShape.slice(1) as number[])]),
    backward: (gradient) => [
      graph.reshape(gradient, [-1, ...(inputShapes[0].slice(1) as number[])]),
    ],
  });
};
