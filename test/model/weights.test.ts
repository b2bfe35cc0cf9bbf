import assert from 'node:assert/strict';
import { CheckpointWeights } from '../../src/model/weights.js';
import type { DType, Tensor } from '../../src/tensor.js';

function tensor(dtype: DType, bits: readonly number[], size: 2 | 4): Tensor {
  const data = new Uint8Array(bits.length * size);
  const view = new DataView(data.buffer);
  for (const [i, value] of bits.entries()) {
    if (size === 2) view.setUint16(2 * i, value, true);
    else view.setUint32(4 * i, value, true);
  }
  return { dtype, shape: [bits.length], data };
}

const take = (value: Tensor) => [
  ...new CheckpointWeights(new Map([['t', value]]), 'x').take('t', value.shape).read(),
];

describe('CheckpointWeights', () => {
  it('widens float16 exactly: normal, subnormal, negative zero, infinity, NaN', () => {
    const bits = [0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x8000, 0xfc00, 0x7e00];
    assert.deepEqual(take(tensor('float16', bits, 2)), [
      1,
      -2,
      0.333251953125,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      -0,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  it('widens bfloat16 and passes float32 through', () => {
    assert.deepEqual(take(tensor('bfloat16', [0x3f80, 0xc049, 0x0080], 2)), [1, -3.140625, 2 ** -126]);
    assert.deepEqual(take(tensor('float32', [0x3f800000, 0xc0490fdb], 4)), [1, Math.fround(-Math.PI)]);
  });

  it('reads tensors at unaligned offsets', () => {
    const oddly = ({ data, ...rest }: Tensor) => {
      const file = Buffer.alloc(data.length + 1); // Buffer.slice does not copy, as Uint8Array.slice does
      file.set(data, 1);
      return take({ ...rest, data: file.subarray(1) });
    };
    assert.deepEqual(oddly(tensor('float32', [0x3f800000], 4)), [1]);
    assert.deepEqual(oddly(tensor('float16', [0x3c00, 0xc000], 2)), [1, -2]);
  });
});
