import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import type { Graph, GraphNode } from '../../src/graph.js';
import { GraphBuilder } from '../../src/model/graph-builder.js';
import type { DType, Tensor } from '../../src/tensor.js';
import { floatsOf } from './floats-of.js';

/**
 * Computes a graph one operator at a time, rounding each value to its own type. In a single session, ONNX Runtime would
 * keep float16 values in float32 between operators that its CPU kernels compute in float32.
 */
export async function stepByStep(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const values = new Map(Object.entries(feeds));
  for (const node of graph.nodes) values.set(...(await compute(node, graph, values)));
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, values.get(name) as Tensor]));
}

const FLOATS: Readonly<Record<number, DType>> = { 1: 'float32', 10: 'float16' };

async function compute(
  node: GraphNode,
  graph: Graph,
  values: ReadonlyMap<string, Tensor>,
): Promise<[name: string, value: Tensor]> {
  const builder = new GraphBuilder();
  const computed = [...new Set(node.inputs)].filter((input) => values.has(input));
  const fed = computed.map((name) => feed(builder, name, values.get(name) as Tensor));
  for (const name of new Set(node.inputs)) {
    const constant = graph.initializers.get(name);
    if (constant !== undefined) builder.constant(name, constant);
  }
  const operands = node.inputs.map((input) => fed[computed.indexOf(input)]?.operand ?? input);
  const name = builder.copy(node, operands);
  const to = node.attributes.to?.value;
  const [first = ''] = computed;
  const dtype = (node.op === 'Cast' ? FLOATS[Number(to)] : values.get(first)?.dtype) ?? 'float32';
  const output = { name, dtype, shape: builder.shapeOf(name) };
  const inputs = fed.map(({ input }) => input);
  const session = await InferenceSession.create(encodeOnnx(builder.build('step', inputs, [output])), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const results = await session.run(Object.fromEntries(fed.map(({ input, value }) => [input.name, value])));
    const { dims, data } = results[name] as OrtTensor;
    const { buffer, byteOffset, byteLength } = data as Exclude<typeof data, string[]>;
    return [name, { dtype, shape: dims, data: new Uint8Array(buffer, byteOffset, byteLength).slice() }];
  } finally {
    await session.release();
  }
}

/**
 * Makes a value an input. float16 goes in as float32, which the graph casts back without loss: if Node has a
 * `Float16Array`, onnxruntime-node treats float16 as empty (https://github.com/microsoft/onnxruntime/pull/32323).
 */
function feed(builder: GraphBuilder, name: string, value: Tensor) {
  const { dtype, shape, data } = value;
  const isHalf = dtype === 'float16';
  const input = {
    name: isHalf ? `fed.${name}` : name,
    shape,
    dtype: dtype === 'uint8' ? dtype : ('float32' as const),
  };
  builder.input(input);
  return {
    input,
    operand: isHalf ? builder.cast(name, input.name, 'float16') : name,
    value:
      dtype === 'uint8'
        ? new OrtTensor(dtype, data, shape)
        : new OrtTensor('float32', floatsOf(value), shape),
  };
}
