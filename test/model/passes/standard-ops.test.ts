import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import type { Graph } from '../../../src/graph.js';
import { float, GraphBuilder, int } from '../../../src/model/graph-builder.js';
import { toStandardOps } from '../../../src/model/passes/standard-ops.js';
import { relativeError } from '../../support/relative-error.js';

/** A graph of one fused operator on a [1, 2, 3] and, for FusedMatMul, b of the same shape. */
function fused(op: string, attributes: Record<string, number>): Graph {
  const builder = new GraphBuilder();
  const [a, b] = ['a', 'b'].map((name) => ({ name, dtype: 'float32', shape: [1, 2, 3] }) as const);
  if (a === undefined || b === undefined) assert.fail();
  builder.input(a);
  builder.input(b);
  const inputs = op === 'FusedMatMul' ? ['a', 'b'] : ['a'];
  const kinds = Object.entries(attributes).map(([name, value]) => [
    name,
    name === 'alpha' ? float(value) : int(value),
  ]);
  builder.addMicrosoft('y', op, inputs, Object.fromEntries(kinds));
  const y = { name: 'y', dtype: 'float32', shape: builder.shapeOf('y') } as const;
  return builder.build('fused', op === 'FusedMatMul' ? [a, b] : [a], [y]);
}

async function compute(graph: Graph): Promise<readonly number[]> {
  // Without optimisation, so that ONNX Runtime does not fuse the standard operators again.
  const session = await InferenceSession.create(encodeOnnx(graph), { graphOptimizationLevel: 'disabled' });
  const feeds = graph.inputs.map(({ name }, i) => {
    const values = Float32Array.from({ length: 6 }, (_, j) => Math.sin(1 + i + 2 * j) * 3);
    return [name, new OrtTensor('float32', values, [1, 2, 3])];
  });
  const { y } = await session.run(Object.fromEntries(feeds));
  return Array.from((y?.data ?? []) as Float32Array);
}

describe('toStandardOps', () => {
  const cases: readonly (readonly [string, Record<string, number>])[] = [
    ['QuickGelu', { alpha: 1 }],
    ['QuickGelu', { alpha: 1.702 }],
    ['QuickGelu', {}],
    ['FusedMatMul', { transA: 1 }],
    ['FusedMatMul', { transB: 1 }],
    ['FusedMatMul', { transB: 1, alpha: 0.25 }],
  ];
  for (const [op, attributes] of cases) {
    it(`lowers ${op} ${JSON.stringify(attributes)} without changing its result`, async () => {
      const graph = fused(op, attributes);
      const lowered = toStandardOps(graph);
      assert.ok(lowered.nodes.every(({ domain }) => domain === ''));
      assert.deepEqual(lowered.outputs, graph.outputs);
      const error = relativeError(await compute(lowered), await compute(graph));
      assert.ok(error < 1e-6, `${error}`);
    });
  }

  it('refuses an operator without a rule', () => {
    const builder = new GraphBuilder();
    const x = { name: 'x', dtype: 'float32', shape: [2] } as const;
    builder.input(x);
    const y = builder.addMicrosoft('y', 'Softplus', ['x']);
    const graph = builder.build('g', [x], [{ ...x, name: y }]);
    assert.throws(() => toStandardOps(graph), /com\.microsoft Softplus/);
  });
});
