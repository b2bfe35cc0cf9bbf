import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { FormatError } from '../../../src/errors.js';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import type { Graph } from '../../../src/graph.js';
import type { LazyTensor } from '../../../src/tensor.js';
import { sample } from './sample.js';

const withConstant = (name: string, tensor: LazyTensor): Graph => ({
  ...sample,
  initializers: new Map([[name, tensor]]),
});

describe('encodeOnnx', () => {
  it('writes a model with a symbolic batch that ONNX Runtime computes correctly', async () => {
    const session = await InferenceSession.create(encodeOnnx(sample));
    const { y, z } = await session.run({
      x: new OrtTensor('float32', Float32Array.of(1, -2, 3, -4, 5, -6), [3, 2]),
    });
    assert.deepEqual(y?.dims, [2, 3]);
    assert.deepEqual([...((y?.data ?? []) as Float32Array)], [0, -1, -2, 2, 4, 6]);
    const silu = (v: number) => v / (1 + Math.exp(-v));
    for (const [i, v] of [0, -1, -2, 2, 4, 6].entries()) {
      assert.ok(Math.abs(silu(v) - Number(z?.data[i])) < 1e-6);
    }
  });

  it('refuses bfloat16 constants', () => {
    const graph = withConstant('b', { dtype: 'bfloat16', shape: [1], read: () => new Uint8Array(2) });
    assert.throws(() => encodeOnnx(graph), RangeError);
  });

  it('refuses a model larger than the format allows before computing its constants', () => {
    const read = () => assert.fail('computed');
    const graph = withConstant('weight', { dtype: 'float32', shape: [2 ** 29], read });
    assert.throws(
      () => encodeOnnx(graph),
      (error) => {
        assert.ok(error instanceof FormatError);
        assert.match(error.message, /2147\d{6} bytes, more than the format allows \(2147483647\)/);
        assert.match(error.hint ?? '', /--precision fp16/);
        return true;
      },
    );
  });
});
