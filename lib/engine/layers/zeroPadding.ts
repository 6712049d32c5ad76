import { DataType } from '../graph';
import type { LayerKind } from './kind';

/** Pad, and Slice as its gradient. */
export const zeroPadding: LayerKind = ({ layer, inputShapes: [shape] }) => {
  const { padding } = layer.getConfig();
  const [rows, columns] = padding as [number[], number[]];
  const paddings = Int32Array.of(0, 0, ...rows, ...columns, 0, 0);
  return ({ graph }, [input]) => ({
    output: graph.op('Pad', [input, graph.constant(paddings, [4, 2])]),
    backward(gradient) {
      const begin = graph.constant(Int32Array.of(0, rows[0], columns[0], 0));
      const size = graph.constant(Int32Array.of(-1, ...(shape.slice(1) as number[])));
      return [graph.op('Slice', [gradient, begin, size], { Index: { type: DataType.int32 } })];
    },
  });
};
