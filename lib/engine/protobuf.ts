/** A field of a protocol-buffer message: its number and a text, bytes, or whole number. */
export type Field = readonly [field: number, value: string | Uint8Array | number];

/** Encodes a message, such as those of TensorFlow's `graph.proto` and the files it includes. */
export function message(...fields: Field[]): Uint8Array {
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

/** Encodes a field of a message that holds a 32-bit float. */
export function floatField(field: number, value: number): Uint8Array {
  return Buffer.concat([varint(8 * field + 5), new Uint8Array(Float32Array.of(value).buffer)]);
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
