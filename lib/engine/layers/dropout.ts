import { DataType, type Graph, type Value } from '../graph';
import type { LayerKind } from './kind';

/**
 * Dropout (Srivastava et al., 2014) by stateless random numbers, which depend on nothing but their
 * seeds; tfjs draws its masks one number after the other in JavaScript.
 *
 * A unit is decided by 8 random bits where these can give the rate, by 16 elsewhere; the units that
 * stay are scaled by the inverse of their share to the bit.
 */
export const dropout: LayerKind = ({ layer, inputShapes }) => {
  const { rate, noiseShape } = layer.getConfig() as { rate: number; noiseShape?: number[] };
  const bits = Number.isInteger(rate * 2 ** 8) ? 8 : 16;
  const threshold = Math.round(rate * 2 ** bits);
  if (noiseShape != null) return 'has a noise shape';
  if (threshold >= 2 ** bits) return 'drops everything';
  const shape = inputShapes[0].slice(1) as number[];
  const share = 1 - threshold / 2 ** bits;
  return (pass, [input]) => {
    const { graph } = pass;
    if (!pass.training || threshold === 0) {
      return { output: input, backward: (gradient) => [gradient] };
    }
    const numbers = addRandomBits(graph, input, shape, bits, pass.drawSeeds());
    const type = bits === 8 ? DataType.uint8 : DataType.uint16;
    const bytes = Uint16Array.of(threshold).buffer.slice(0, bits / 8);
    const lowest = graph.rawConstant(type, new Uint8Array(bytes), []);
    const stays = graph.op('GreaterEqual', [numbers, lowest]);
    const [kept, dropped] = [1 / share, 0].map((value) => pass.narrow(graph.scalar(value)));
    const mask = graph.add('SelectV2', [stays, kept, dropped], { T: { type: graph.typeOf(kept) } });
    return {
      output: graph.op('Mul', [input, mask]),
      backward: (gradient) => [graph.op('Mul', [gradient, mask])],
    };
  };
};

/** Adds random numbers of 8 or 16 bits in the shape of a batch, each 32 bits drawn at once. */
function addRandomBits(
  graph: Graph,
  batch: Value,
  shape: readonly number[],
  bits: 8 | 16,
  seeds: Value,
): Value {
  const int32 = { type: DataType.int32 };
  const type = { type: bits === 8 ? DataType.uint8 : DataType.uint16 };
  const units = shape.reduce((product, size) => product * size, 1);
  const words = Math.ceil((units * bits) / 32);
  const constant = (...values: number[]) => graph.constant(Int32Array.from(values));
  const images = graph.op('FloorDiv', [graph.op('Size', [batch]), constant(units)]);
  const count = graph.op('Mul', [images, constant(words)]);
  const drawn = graph.add('StatelessRandomUniformFullInt', [count, seeds], {
    dtype: int32,
    T: int32,
    Tseed: int32,
  });
  const numbers = graph.add('Bitcast', [drawn], { T: int32, type });
  const rows = graph.reshape(numbers, [-1, (words * 32) / bits]);
  const enough = graph.op('Slice', [rows, constant(0, 0), constant(-1, units)], { Index: int32 });
  return graph.reshape(enough, [-1, ...shape]);
}
