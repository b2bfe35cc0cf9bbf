import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import type { Graph } from '../../../src/graph.js';

const bytesOf = (values: Float32Array | BigInt64Array) => () => new Uint8Array(values.buffer);

// y = LeakyRelu(Transpose(x, [1, 0]), alpha 0.5), then rows 1 and 0: a float, ints, an int, and both kinds of constant
const graph: Graph = {
  name: 'sample',
  nodes: [
    {
      ...{ name: 't', op: 'Transpose', domain: '', inputs: ['x'], outputs: ['t'] },
      attributes: { perm: { kind: 'ints', value: [1, 0] } },
    },
    {
      ...{ name: 'l', op: 'LeakyRelu', domain: '', inputs: ['t'], outputs: ['l'] },
      attributes: { alpha: { kind: 'float', value: 0.5 } },
    },
    {
      ...{ name: 'g', op: 'Gather', domain: '', inputs: ['l', 'rows'], outputs: ['g'] },
      attributes: { axis: { kind: 'int', value: 0 } },
    },
    { name: 'y', op: 'Add', domain: '', inputs: ['g', 'one'], outputs: ['y'], attributes: {} },
    {
      ...{ name: 'z', op: 'QuickGelu', domain: 'com.microsoft', inputs: ['y'], outputs: ['z'] },
      attributes: { alpha: { kind: 'float', value: 1 } },
    },
  ],
  initializers: new Map([
    ['rows', { dtype: 'int64', shape: [2], read: bytesOf(BigInt64Array.of(1n, 0n)) }],
    ['one', { dtype: 'float32', shape: [], read: bytesOf(Float32Array.of(1)) }],
  ]),
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
  outputs: [
    { name: 'y', dtype: 'float32', shape: [2, 'batch'] },
    { name: 'z', dtype: 'float32', shape: [2, 'batch'] },
  ],
};

describe('encodeOnnx', () => {
  it('writes a model that ONNX Runtime loads and computes as described, with a symbolic batch', async () => {
    const session = await InferenceSession.create(encodeOnnx(graph));
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
    const bfloat16: Graph = {
      ...graph,
      initializers: new Map([['b', { dtype: 'bfloat16', shape: [1], read: () => new Uint8Array(2) }]]),
    };
    assert.throws(() => encodeOnnx(bfloat16), RangeError);
  });
});
