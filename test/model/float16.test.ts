import assert from 'node:assert/strict';
import { toFloat16 } from '../../src/model/float16.js';
import { floatsOf } from '../support/floats-of.js';

const INFINITY = 0x7c00;

/** Every non-negative finite float16, in the order of its bits, widened by the checkpoint reader. */
const finite = (() => {
  const bits = Uint16Array.from({ length: INFINITY }, (_, i) => i);
  return floatsOf({ dtype: 'float16', shape: [bits.length], data: new Uint8Array(bits.buffer) });
})();

const bitsOf = (...values: number[]) => [...toFloat16(Float32Array.from(values))];

describe('toFloat16', () => {
  it('preserves every finite float16 of either sign', () => {
    assert.deepEqual([...toFloat16(finite)], [...finite.keys()]);
    assert.deepEqual(
      [...toFloat16(finite.map((value) => -value))],
      [...finite.keys()].map((bits) => bits | 0x8000),
    );
  });

  it('rounds to the nearest value, and ties to even', () => {
    for (let bits = 0; bits + 1 < INFINITY; bits++) {
      const [low = 0, high = 0] = [finite[bits], finite[bits + 1]];
      const middle = (low + high) / 2; // exact in float32
      const step = 2 ** -12 * (high - low);
      const even = bits % 2 === 0 ? bits : bits + 1;
      assert.deepEqual(bitsOf(middle - step, middle, middle + step), [bits, even, bits + 1], `bits ${bits}`);
    }
  });

  it('keeps NaN and rejects values that would overflow to infinity', () => {
    assert.deepEqual(bitsOf(Number.NaN, 65504, 65519.99, 1e-30, -1e-30), [0x7e00, 0x7bff, 0x7bff, 0, 0x8000]);
    for (const value of [65520, -65520, 1e30, Number.POSITIVE_INFINITY]) {
      assert.throws(() => bitsOf(0, value), /beyond float16's range of ±65504/);
    }
  });
});
