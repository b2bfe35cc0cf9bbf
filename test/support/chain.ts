import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import type { GraphNode } from '../../src/graph.js';
import type { ProbeModel } from '../../src/runtime/probe.js';

/** Converts pixels to floats and applies operators of one input; `square` multiplies a value by itself. */
export function chain(...ops: readonly string[]): ProbeModel {
  const value = (i: number) => `value${i}`;
  const to = { to: { kind: 'int', value: 1 } } as const; // float32
  const first: GraphNode = {
    name: 'cast',
    op: 'Cast',
    domain: '',
    inputs: ['pixels'],
    outputs: [value(0)],
    attributes: to,
  };
  const nodes = ops.map(
    (op, i): GraphNode => ({
      name: `node${i}`,
      domain: '',
      outputs: [value(i + 1)],
      attributes: {},
      ...(op === 'square' ? { op: 'Mul', inputs: [value(i), value(i)] } : { op, inputs: [value(i)] }),
    }),
  );
  const shape = ['batch', 4, 4, 3];
  const onnx = encodeOnnx({
    name: 'chain',
    nodes: [first, ...nodes],
    initializers: new Map(),
    inputs: [{ name: 'pixels', dtype: 'uint8', shape }],
    outputs: [{ name: value(ops.length), dtype: 'float32', shape }],
  });
  return { onnx, height: 4, width: 4 };
}
