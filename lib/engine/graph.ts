import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { tf } from '../platform/tensorflow';

/** An output of an operation: `name:index`, as TensorFlow writes it. */
export type Value = string;

/** An element type, by its number in TensorFlow's `types.proto`. */
export enum DataType {
  float = 1,
  int32 = 3,
  uint8 = 4,
  bool = 10,
  uint16 = 17,
}

/** An operation's attribute: text, a whole number, a flag, a list of whole numbers, or as named. */
export type Attribute =
  | string
  | number
  | boolean
  | readonly number[]
  | { readonly float: number }
  | { readonly type: DataType }
  | { readonly shape: readonly number[] | 'unknown' }
  | { readonly tensor: Uint8Array };

/** A TensorFlow graph in the making. */
export class Graph {
  private readonly nodes: Uint8Array[] = [];

  /**
   * Adds an operation.
   *
   * @param type - Name of the operation in TensorFlow, such as `BiasAdd`.
   * @param inputs - What it takes, in order.
   * @param attributes - Its attributes that have no default, or another value than their default.
   * @param after - Values that must exist before it runs, though it does not take them.
   * @returns Its first output; `output(value, index)` names the others.
   */
  add(
    type: string,
    inputs: readonly Value[] = [],
    attributes: Readonly<Record<string, Attribute>> = {},
    after: readonly Value[] = [],
  ): Value {
    const name = `${type}_${this.nodes.length}`;
    this.nodes.push(
      message(
        [1, name],
        [2, type],
        ...inputs.map((input): Field => [3, input]),
        ...after.map((value): Field => [3, `^${value.slice(0, value.indexOf(':'))}`]),
        ...Object.entries(attributes).map(([key, attribute]): Field => {
          return [5, message([1, key], [2, encodeAttribute(attribute)])];
        }),
      ),
    );
    return `${name}:0`;
  }

  /** Adds an operation on 32-bit floats that has the type attribute `T`. */
  float(
    type: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.add(type, inputs, { T: { type: DataType.float }, ...attributes });
  }

  /** Adds the sum of values of one shape. */
  sum(values: readonly Value[]): Value {
    return values.length === 1 ? values[0] : this.float('AddN', values, { N: values.length });
  }

  /** Adds a value of another type as floats. */
  cast(value: Value, from: DataType): Value {
    return this.add('Cast', [value], { SrcT: { type: from }, DstT: { type: DataType.float } });
  }

  /** Adds a value that every run feeds. */
  input(type: DataType, shape: readonly number[] | 'unknown' = 'unknown'): Value {
    return this.add('Placeholder', [], { dtype: { type }, shape: { shape } });
  }

  /** Adds a constant. */
  constant(values: Float32Array | Int32Array, shape: readonly number[] = [values.length]): Value {
    const type = values instanceof Float32Array ? DataType.float : DataType.int32;
    // The values may be a part of their buffer.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.rawConstant(type, bytes, shape);
  }

  /** Adds a constant of any type from the bytes of its values. */
  rawConstant(type: DataType, bytes: Uint8Array, shape: readonly number[]): Value {
    const tensor = message([1, type], [2, encodeShape(shape)], [4, bytes]);
    return this.add('Const', [], { dtype: { type }, value: { tensor } });
  }

  /** Adds a value that a run gives only after other values exist. */
  after(value: Value, others: readonly Value[]): Value {
    return this.add('Identity', [value], { T: { type: DataType.float } }, others);
  }

  /** Adds a scalar of type float. */
  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), []);
  }

  /** Hands the graph to TensorFlow, which optimizes it when it first runs. */
  load(): Session {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'digit-recognizer-graph-'));
    try {
      // 1882 is the version of graphs that TensorFlow 2.16 wrote; later ones read it.
      const graph = message(...this.nodes.map((node): Field => [1, node]), [4, message([1, 1882])]);
      const metaGraph = message([1, message([4, 'train'])], [2, graph]);
      fs.writeFileSync(path.join(folder, 'saved_model.pb'), message([1, 1], [2, metaGraph]));
      return new Session(nativeBackend().loadSavedModelMetaGraph(folder, 'train'));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }
}

/** Names another output of an operation than its first. */
export function output(value: Value, index: number): Value {
  return `${value.slice(0, value.indexOf(':'))}:${index}`;
}

/** A loaded graph with the state of its variables. */
export class Session {
  constructor(private readonly id: number) {}

  /**
   * Computes values of the graph, and whatever they need.
   *
   * @param inputs - Values to feed, with what they are in this run.
   * @param outputs - Values to compute.
   * @returns One tensor per output, that the caller disposes of.
   */
  run(inputs: ReadonlyMap<Value, tf.Tensor>, outputs: readonly Value[]): tf.Tensor[] {
    const names = [...inputs.keys()].map((name) => ({ name }));
    return nativeBackend().runSavedModel(this.id, [...inputs.values()], names, outputs);
  }

  /** Frees the graph and its variables. */
  dispose(): void {
    nativeBackend().deleteSavedModel(this.id);
  }
}

/** What tfjs-node's backend has for running a TensorFlow graph. */
interface NativeBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    id: number,
    inputs: tf.Tensor[],
    inputInfos: { name: Value }[],
    outputs: readonly Value[],
  ): tf.Tensor[];
  deleteSavedModel(id: number): void;
}

function nativeBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** A field of a protocol-buffer message: its number and a text, bytes, or whole number. */
type Field = readonly [field: number, value: string | Uint8Array | number];

/** Encodes a message of TensorFlow's `graph.proto` and the files it includes. */
function message(...fields: Field[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([field, value]) => {
      if (typeof value === 'number') {
        return [varint(8 * field), varint(value)];
      }
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      return [varint(8 * field + 2), varint(bytes.length), bytes];
    }),
  );
}

/** A whole number in the base-128 encoding of protocol buffers, negative ones in 64-bit complement. */
function varint(value: number): Uint8Array {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | 128);
  }
  return Uint8Array.of(...bytes, Number(rest));
}

function encodeAttribute(value: Attribute): Uint8Array {
  if (typeof value === 'string') {
    return message([2, value]);
  }
  if (typeof value === 'number') {
    return message([3, value]);
  }
  if (typeof value === 'boolean') {
    return message([5, Number(value)]);
  }
  if ('float' in value) {
    return Buffer.concat([varint(8 * 4 + 5), new Uint8Array(Float32Array.of(value.float).buffer)]);
  }
  if ('type' in value) {
    return message([6, value.type]);
  }
  if ('shape' in value) {
    return message([7, encodeShape(value.shape)]);
  }
  if ('tensor' in value) {
    return message([8, value.tensor]);
  }
  return message([1, message(...value.map((item): Field => [3, item]))]);
}

function encodeShape(shape: readonly number[] | 'unknown'): Uint8Array {
  return shape === 'unknown'
    ? message([3, 1])
    : message(...shape.map((size): Field => [2, message([1, size])]));
}
