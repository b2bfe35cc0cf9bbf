import { asFloat32, type Tensor } from '../tensor.js';

const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`)); // all exact

/**
 * Converts the elements of a float32 or float16 tensor to numbers that print short: JavaScript formats each as the shortest
 * decimal that parses to the same element (0.9731, not 0.9731000065803528). NaN and the infinities are unchanged; the sign of
 * a negative zero does not print.
 */
export function decimals(tensor: Tensor): number[] {
  return tensor.dtype === 'float16' ? halfDecimals(tensor.data) : floatDecimals(asFloat32(tensor.data));
}

function floatDecimals(values: Float32Array): number[] {
  const numbers = new Array<number>(values.length);
  for (let i = 0; i < values.length; i += 1) numbers[i] = float32Decimal(values[i] ?? 0);
  return numbers;
}

/**
 * Returns the double that prints as the shortest decimal of the float32 `x`; its `Math.fround` is `x`. Any decimal of up to 6
 * digits survives a round trip through float32, and 9 digits identify any float32.
 */
export function float32Decimal(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const subnormal = Math.abs(x) < 2 ** -126; // fewer digits are significant
  for (let digits = subnormal ? 1 : 6; digits < 9; digits += 1) {
    const candidate = roundToDigits(x, digits);
    if (Math.fround(candidate) === x) return candidate;
  }
  return roundToDigits(x, 9);
}

/**
 * Rounds `x` to a number of significant digits (at most 15), to the double that prints with those digits. Multiplying or
 * dividing an integer by a power of ten rounds once, as parsing the decimal does.
 */
function roundToDigits(x: number, digits: number): number {
  const shift = digits - 1 - Math.floor(Math.log10(Math.abs(x)));
  const scale = POWERS_OF_TEN[Math.abs(shift)];
  if (scale === undefined) return Number(x.toPrecision(digits));
  return shift < 0 ? Math.round(x / scale) * scale : Math.round(x * scale) / scale;
}

const HALF_INFINITY = 0x7c00; // bits; NaNs are above

let halfTable: Float64Array | undefined; // decimal of each finite, non-negative float16, by its bits

function halfDecimals(data: Uint8Array): number[] {
  halfTable ??= Float64Array.from({ length: HALF_INFINITY }, (_, bits) => halfDecimal(bits));
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const numbers = new Array<number>(data.byteLength / 2);
  for (let i = 0; i < numbers.length; i += 1) {
    const bits = view.getUint16(2 * i, true);
    const magnitude = halfTable[bits & 0x7fff] ?? ((bits & 0x3ff) === 0 ? Infinity : NaN);
    numbers[i] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return numbers;
}

/** Returns the shortest decimal strictly between the midpoints to the neighbours; 5 digits always suffice. */
function halfDecimal(bits: number): number {
  const value = halfValue(bits);
  if (value === 0) return 0;
  const below = (halfValue(bits - 1) + value) / 2;
  const above = (value + halfValue(bits + 1)) / 2;
  for (let digits = 1; digits < 5; digits += 1) {
    const candidate = roundToDigits(value, digits);
    if (candidate > below && candidate < above) return candidate;
  }
  return roundToDigits(value, 5);
}

/** Decodes an IEEE 754 binary16 without its sign: 5 bits of exponent (bias 15), 10 of fraction. */
function halfValue(bits: number): number {
  const exponent = bits >> 10;
  const fraction = bits & 0x3ff;
  return exponent === 0 ? fraction * 2 ** -24 : (0x400 + fraction) * 2 ** (exponent - 25);
}
