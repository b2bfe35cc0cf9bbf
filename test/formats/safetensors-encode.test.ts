import assert from 'node:assert/strict';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { encodeSafetensors } from '../../src/formats/safetensors-encode.js';
import type { LazyTensor } from '../../src/tensor.js';

const tensor = (
  dtype: LazyTensor['dtype'],
  shape: readonly number[],
  bytes: readonly number[],
): LazyTensor => ({
  dtype,
  shape,
  read: () => Uint8Array.from(bytes),
});

describe('encodeSafetensors', () => {
  it('writes files that parseSafetensors reads, with aligned data', () => {
    const tensors = new Map([
      ['a.weight', tensor('float32', [1, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      ['é', tensor('float16', [1], [9, 10])],
      ['empty', tensor('float32', [0, 3], [])],
    ]);
    const file = new Uint8Array(Buffer.concat([...encodeSafetensors(tensors)]));
    const found = parseSafetensors(file, 'test');
    assert.deepEqual([...found.keys()], ['a.weight', 'é', 'empty']);
    for (const [name, { dtype, shape, read }] of tensors)
      assert.deepEqual(
        { ...found.get(name), data: [...(found.get(name)?.data ?? [])] },
        { dtype, shape, data: [...read()] },
      );
    assert.equal((found.get('a.weight')?.data.byteOffset ?? 1) % 8, 0);
  });

  it('refuses a dtype that it has no name for', () => {
    assert.throws(() => [...encodeSafetensors(new Map([['x', tensor('uint8', [1], [0])]]))], RangeError);
  });
});
