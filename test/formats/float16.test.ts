import assert from 'node:assert/strict';
import { toFloat16 } from '../../lib/formats/float16';
import { tf } from '../../lib/platform/tensorflow';

/** A 16-bit float as a number, by the definition of binary16. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const finite = Array.from({ length: 0x7c00 }, (_, bits) => bits);

it('toFloat16(value) gives every 16-bit float as itself', () => {
  for (const bits of finite) {
    assert.equal(toFloat16(fromFloat16(bits)), bits);
    assert.equal(toFloat16(-fromFloat16(bits)), bits | 0x8000);
  }
});

it('toFloat16(value) rounds to the nearest, and from the middle to the even one', () => {
  for (const bits of finite.slice(0, -1)) {
    const [below, above] = [fromFloat16(bits), fromFloat16(bits + 1)];
    const middle = (below + above) / 2;
    assert.equal(toFloat16(middle), bits % 2 === 0 ? bits : bits + 1);
    assert.equal(toFloat16(Math.fround(below + (above - below) * 0.49)), bits);
    assert.equal(toFloat16(Math.fround(below + (above - below) * 0.51)), bits + 1);
  }
});

it('toFloat16(value) gives what the tfjs decoder reads as the nearest number', async () => {
  const values = Float32Array.from(
    { length: 1000 },
    (_, index) => Math.sin(index) * 1.7 ** (index % 20),
  );
  const data = Uint16Array.from(values, toFloat16);
  const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
  const spec = { name: 'w', shape: [1000], dtype: 'float32', quantization } as const;
  const { w } = tf.io.decodeWeights(data.buffer, [spec as never]);
  const decoded = await w.data();
  values.forEach((value, index) => {
    assert.ok(Math.abs(decoded[index] - value) <= Math.abs(value) * 2 ** -11, String(value));
  });
  w.dispose();
});

it('toFloat16(value) refuses what no 16-bit float is near to', () => {
  for (const value of [65520, -1e9, Infinity, NaN]) {
    assert.throws(
      () => toFloat16(value),
      /RangeError: .* is no 16-bit float; expected a number from -65,504 to 65,504/,
    );
  }
  assert.equal(toFloat16(65519), 0x7bff);
});
