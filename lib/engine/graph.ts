import { floatField, message, type Field } from './protobuf';
import { Session } from './session';

/** An output of an operation: `name:index`, as TensorFlow writes it. */
export type Value = string;

/** An element type, by its number in TensorFlow's `types.proto`. */
export enum DataType {
  float = 1,
  int32 = 3,
  uint8 = 4,
  bool = 10,
  bfloat16 = 14,
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

type Attributes = Readonly<Record<string, Attribute>>;

/** Operations whose first output has another type than their inputs, and no attribute for it. */
const outputTypes: Readonly<Record<string, DataType>> = {
  Equal: DataType.bool,
  GreaterEqual: DataType.bool,
  Shape: DataType.int32,
  Size: DataType.int32,
};

/** Attributes that name the type of the first output, where an operation has one of them. */
const outputTypeAttributes = ['DstT', 'dtype', 'out_type', 'output_type', 'type', 'Tparams', 'T'];

/** A TensorFlow graph in the making. */
export class Graph {
  private readonly nodes: Uint8Array[] = [];
  private readonly types = new Map<string, DataType>();

  /**
   * Adds an operation whose attribute `T`, if it has one, is the type of its first input.
   *
   * @param type - Name of the operation in TensorFlow, such as `BiasAdd`.
   * @param inputs - What it takes, in order.
   * @param attributes - Its attributes that have no default, or another value than their default.
   * @returns Its first output; `output(value, index)` names the others.
   */
  op(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.add(type, inputs, { T: { type: this.typeOf(inputs[0]) }, ...attributes });
  }

  /**
   * Adds an operation by all its attributes.
   *
   * @param after - Values that must exist before it runs, though it does not take them.
   */
  add(
    type: string,
    inputs: readonly Value[] = [],
    attributes: Attributes = {},
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
    const key = outputTypeAttributes.find((attribute) => attribute in attributes);
    const named = key === undefined ? undefined : (attributes[key] as { type: DataType }).type;
    this.types.set(name, outputTypes[type] ?? named ?? DataType.float);
    return `${name}:0`;
  }

  /** Gives the element type of a value. */
  typeOf(value: Value): DataType {
    const [name, index] = value.split(':');
    // What the fused normalization gives beside the images is about channels, always in floats.
    if (index !== '0' && name.startsWith('FusedBatchNorm')) return DataType.float;
    return this.types.get(name) as DataType;
  }

  /** Adds the sum of values of one shape and type. */
  sum(values: readonly Value[]): Value {
    return values.length === 1 ? values[0] : this.op('AddN', values, { N: values.length });
  }

  /** Adds a value in another type; the value itself, where it has that type. */
  cast(value: Value, to: DataType): Value {
    const from = this.typeOf(value);
    return from === to
      ? value
      : this.add('Cast', [value], { SrcT: { type: from }, DstT: { type: to } });
  }

  /** Adds a value of the same numbers in another shape; -1 stands for the size that is left. */
  reshape(value: Value, shape: readonly number[]): Value {
    return this.op('Reshape', [value, this.constant(Int32Array.from(shape))]);
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

  /** Adds a scalar of type float. */
  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), []);
  }

  /** Adds a value that a run gives only after other values exist. */
  after(value: Value, others: readonly Value[]): Value {
    return this.add('Identity', [value], { T: { type: this.typeOf(value) } }, others);
  }

  /** Hands the graph to TensorFlow. */
  load(): Session {
    // 1882 is the version of graphs that TensorFlow 2.16 wrote; later ones read it.
    const graph = message(...this.nodes.map((node): Field => [1, node]), [4, message([1, 1882])]);
    const metaGraph = message([1, message([4, 'train'])], [2, graph]);
    return Session.load(message([1, 1], [2, metaGraph]));
  }
}

/** Names another output of an operation than its first. */
export function output(value: Value, index: number): Value {
  return `${value.slice(0, value.indexOf(':'))}:${index}`;
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
    return floatField(4, value.float);
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
