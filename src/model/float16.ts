import { roundHalfEven } from '../rounding.js';

const LARGEST = 65504;
const OVERFLOW = 65520; // from here on, rounding yields infinity
const SMALLEST_NORMAL = 2 ** -14;
const SUBNORMAL_STEP = 2 ** -24;

/**
 * Converts float32 to the bits of float16 (IEEE 754 binary16), rounding to nearest, ties to even. NaN stays NaN.
 *
 * @throws RangeError naming the first number outside float16's range
 */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < result.length; i++) {
    const value = values[i] as number;
    if (Math.abs(value) >= OVERFLOW)
      throw new RangeError(`${value} is beyond float16's range of ±${LARGEST}`);
    result[i] = float16Bits(value, bits[i] as number);
  }
  return result;
}

/** @param bits of the float32 `value` */
function float16Bits(value: number, bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const magnitude = Math.abs(value);
  if (magnitude < SMALLEST_NORMAL) return sign | roundHalfEven(magnitude / SUBNORMAL_STEP);
  // Rebase the exponent's bias from 127 to 15, and round away 13 bits of the fraction, with a carry into the
  // exponent.
  const rebiased = (bits & 0x7fffffff) - ((127 - 15) << 23);
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}
