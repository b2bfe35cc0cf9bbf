import { InferenceSession, type Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import type { Graph, GraphNode } from '../../src/graph.js';
import { GraphBuilder } from '../../src/model/graph-builder.js';
import type { DType } from '../../src/tensor.js';

/**
 * Computes a graph one operator at a time, each value rounded to its own type. In one session ONNX Runtime would leave
 * values of float16 in float32 between the operators that its CPU kernels compute so.
 */
export async function stepByStep(
  graph: Graph,
  feeds: Readonly<Record<string, OrtTensor>>,
): Promise<Readonly<Record<string, OrtTensor>>> {
  const values = new Map(Object.entries(feeds));
  for (const node of graph.nodes) {
    for (const [name, value] of Object.entries(await compute(node, graph, values))) values.set(name, value);
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, values.get(name) as OrtTensor]));
}

const FLOATS: Readonly<Record<number, DType>> = { 1: 'float32', 10: 'float16' };

async function compute(node: GraphNode, graph: Graph, values: ReadonlyMap<string, OrtTensor>) {
  const builder = new GraphBuilder();
  const computed = [...new Set(node.inputs)].filter((input) => values.has(input));
  const inputs = computed.map((name) => {
    const { type, dims } = values.get(name) as OrtTensor;
    return { name, dtype: type as DType, shape: dims };
  });
  for (const input of inputs) builder.input(input);
  for (const name of new Set(node.inputs)) {
    const constant = graph.initializers.get(name);
    if (constant !== undefined) builder.constant(name, constant);
  }
  const name = builder.copy(node, node.inputs);
  const to = node.attributes.to?.value;
  const dtype = (node.op === 'Cast' ? FLOATS[Number(to)] : inputs[0]?.dtype) ?? 'float32';
  const output = { name, dtype, shape: builder.shapeOf(name) };
  const session = await InferenceSession.create(encodeOnnx(builder.build('step', inputs, [output])), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    return await session.run(
      Object.fromEntries(computed.map((input) => [input, values.get(input) as OrtTensor])),
    );
  } finally {
    await session.release();
  }
}
