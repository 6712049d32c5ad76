const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * Gives the 16-bit float that is nearest to a number, as IEEE 754's binary16 and by its rule for ties.
 *
 * @returns Its bits, a whole number from 0 to 65,535.
 * @throws RangeError when the number is not finite, or beyond the largest such float, 65,504.
 */
export function toFloat16(value: number): number {
  float[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const absolute = bits[0] & 0x7fffffff;
  // From here on it would be rounded to 65,536.
  if (absolute >= 0x477ff000) {
    throw new RangeError(`${value} is no 16-bit float; expected a number from -65,504 to 65,504`);
  }
  // Below 2⁻¹⁴ the floats lie 2⁻²⁴ apart.
  if (absolute < 0x38800000) return sign | roundToEven(Math.abs(float[0]) * 2 ** 24);
  // 13 bits of the fraction go, and the exponent counts from 15 in place of 127.
  return sign | (((absolute + 0xfff + ((absolute >>> 13) & 1)) >>> 13) - (112 << 10));
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
