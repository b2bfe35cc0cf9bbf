import type { Graph } from '../../../src/graph.js';

const bytesOf = (values: Float32Array | BigInt64Array | Uint16Array) => () => new Uint8Array(values.buffer);

/**
 * y = LeakyRelu(Transpose(x, [1, 0]), alpha 0.5), then rows 1 and 0, plus one; z = silu(y): every kind of attribute but
 * strings, a fused operator, and two kinds of constants.
 */
export const sample: Graph = {
  name: 'sample',
  nodes: [
    {
      name: 't',
      op: 'Transpose',
      domain: '',
      inputs: ['x'],
      outputs: ['t'],
      attributes: { perm: { kind: 'ints', value: [1, 0] } },
    },
    {
      name: 'l',
      op: 'LeakyRelu',
      domain: '',
      inputs: ['t'],
      outputs: ['l'],
      attributes: { alpha: { kind: 'float', value: 0.5 } },
    },
    {
      name: 'g',
      op: 'Gather',
      domain: '',
      inputs: ['l', 'rows'],
      outputs: ['g'],
      attributes: { axis: { kind: 'int', value: 0 } },
    },
    {
      name: 'one',
      op: 'Cast',
      domain: '',
      inputs: ['half.one'],
      outputs: ['one'],
      attributes: { to: { kind: 'int', value: 1 } },
    },
    { name: 'y', op: 'Add', domain: '', inputs: ['g', 'one'], outputs: ['y'], attributes: {} },
    {
      name: 'z',
      op: 'QuickGelu',
      domain: 'com.microsoft',
      inputs: ['y'],
      outputs: ['z'],
      attributes: { alpha: { kind: 'float', value: 1 } },
    },
  ],
  initializers: new Map([
    ['rows', { dtype: 'int64', shape: [2], read: bytesOf(BigInt64Array.of(1n, 0n)) }],
    ['half.one', { dtype: 'float16', shape: [], read: bytesOf(Uint16Array.of(0x3c00)) }],
  ]),
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
  outputs: [
    { name: 'y', dtype: 'float32', shape: [2, 'batch'] },
    { name: 'z', dtype: 'float32', shape: [2, 'batch'] },
  ],
};
