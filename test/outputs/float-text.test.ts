import assert from 'node:assert/strict';
import { decimals, float32Decimal } from '../../src/outputs/float-text.js';
import { float16, float32 } from './scratch.js';

/** Returns the shortest decimal that rounds to `x`, by trying every precision. */
function shortestByText(x: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const candidate = Number(x.toPrecision(digits));
    if (Math.fround(candidate) === x) return candidate;
  }
  return Number(x.toPrecision(9));
}

/** Yields finite float32 numbers of every exponent, with fractions spread over their range. */
function* floats(perExponent: number): Generator<number> {
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  let seed = 1;
  for (let exponent = 0; exponent < 255; exponent += 1) {
    for (let i = 0; i < perExponent; i += 1) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const fraction = i === 0 ? 0 : i === 1 ? 0x7fffff : seed >>> 9;
      bits[0] = ((seed & 1) << 31) | (exponent << 23) | fraction;
      yield value[0] ?? 0;
    }
  }
}

describe('float32Decimal', () => {
  const short = [
    '0.9731',
    '0.1',
    '-0.5',
    '1',
    '16777216',
    '3.4028235e+38',
    '1.1754944e-38',
    '1e-45',
    '1e-10',
  ];
  for (const text of [...short, '0.000976565', '0.33333334', '9.536743e-7', '123456.79', '65504']) {
    it(`prints ${text}`, () => {
      assert.equal(String(float32Decimal(Math.fround(Number(text)))), text);
    });
  }

  it('round-trips float32 numbers of every exponent', () => {
    for (const x of floats(64)) assert.equal(Math.fround(Number(String(float32Decimal(x)))), x);
  });

  it('is as short as the shortest decimal that round-trips', () => {
    for (const x of floats(16)) {
      assert.equal(String(float32Decimal(x)).length, String(shortestByText(x)).length, String(x));
    }
  });
});

describe('decimals', () => {
  it('keeps NaN and the infinities', () => {
    assert.deepEqual(decimals(float32([NaN, Infinity, -Infinity, 0])), [NaN, Infinity, -Infinity, 0]);
    assert.deepEqual(decimals(float16([0x7e00, 0xfe01, 0x7c00, 0xfc00])), [NaN, NaN, Infinity, -Infinity]);
  });

  it('reads float32 and float16 at odd offsets', () => {
    const data = new Uint8Array(13);
    data.set(float32([0.1, -2, 3]).data, 1);
    assert.deepEqual(decimals({ dtype: 'float32', shape: [3], data: data.subarray(1) }), [0.1, -2, 3]);
    data.set(float16([0x3c00, 0xc000]).data, 1);
    assert.deepEqual(decimals({ dtype: 'float16', shape: [2], data: data.subarray(1, 5) }), [1, -2]);
  });

  it('prints float16 as NumPy does', () => {
    // 0.1, 1/3, largest, smallest normal, smallest subnormal, 2048, 0.9731
    const numbers = decimals(float16([0x2e66, 0x3555, 0x7bff, 0x0400, 0x0001, 0x6800, 0x3bc9]));
    assert.deepEqual(numbers.map(String), ['0.1', '0.3333', '65500', '0.00006104', '6e-8', '2048', '0.973']);
  });

  it('round-trips every finite non-negative float16 number', () => {
    const all = Array.from({ length: 0x7c00 }, (_, bits) => bits);
    const exact = (bits: number) =>
      bits < 0x400 ? bits / 2 ** 24 : (1 + (bits & 0x3ff) / 1024) * 2 ** ((bits >> 10) - 15);
    const numbers = decimals(float16(all));
    const wrong = all.filter((bits) => {
      const distanceTo = (other: number) => Math.abs((numbers[bits] ?? NaN) - exact(other));
      const others = bits === 0 ? [1] : [bits - 1, bits + 1];
      return !others.every((other) => distanceTo(bits) < distanceTo(other));
    });
    assert.deepEqual(wrong, []);
  });
});
