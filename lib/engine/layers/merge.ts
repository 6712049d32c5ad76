import { DataType } from '../graph';
import type { LayerKind } from './kind';

/** The sum of values of one shape. */
export const add: LayerKind = ({ inputShapes }) => {
  const isAlike = inputShapes.every((shape) => String(shape) === String(inputShapes[0]));
  if (!isAlike) return 'adds values of different shapes';
  return ({ graph }, inputs) => ({
    output: inputs.reduce((sum, input) => graph.op('AddV2', [sum, input])),
    backward: (gradient) => inputs.map(() => gradient),
  });
};

/** ConcatV2, and a Slice for each part as its gradient. */
export const concatenate: LayerKind = ({ layer, inputShapes }) => {
  const rank = inputShapes[0].length;
  const { axis: given } = layer.getConfig() as { axis: number };
  const axis = given < 0 ? given + rank : given;
  if (axis === 0) return 'joins batches';
  return ({ graph }, inputs) => {
    const place = graph.constant(Int32Array.of(axis), []);
    const attributes = { N: inputs.length, Tidx: { type: DataType.int32 } };
    return {
      output: graph.op('ConcatV2', [...inputs, place], attributes),
      backward(gradient) {
        let start = 0;
        return inputShapes.map((shape) => {
          const begin = new Int32Array(rank);
          begin[axis] = start;
          const size = new Int32Array(rank).fill(-1);
          size[axis] = shape[axis] as number;
          start += size[axis];
          const inputs = [gradient, graph.constant(begin), graph.constant(size)];
          return graph.op('Slice', inputs, { Index: { type: DataType.int32 } });
        });
      },
    };
  };
};
