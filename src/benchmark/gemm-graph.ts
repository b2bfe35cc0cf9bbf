import type { Attribute, Graph, GraphNode } from '../graph.js';
import { MAX_WEIGHT } from '../model/passes/int8.js';
import { mulberry32 } from '../random.js';
import { elementCount, type LazyTensor } from '../tensor.js';

/** A matrix product [m, k] · [k, n]. */
export interface GemmShape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** A chain of matrix products and its cost. */
export interface GemmChain {
  readonly graph: Graph; // input `pixels`, uint8 [1, 1, m, k]; output [1, k]
  readonly flops: number; // of one run; a multiply-accumulate counts as two
}

/**
 * Chains products: [m, k] · [k, n], then back by [n, k], and so on, long enough that the overhead of starting a run
 * is negligible. The right-hand sides are constants, like weights, so ONNX Runtime packs them in advance.
 *
 * @param kind float: `MatMul` in float32. int8: `QLinearMatMul` of uint8 by int8 to uint8, as ONNX Runtime runs a
 *   quantised network
 * @param leastFlops of the chain
 */
export function gemmChain(shape: GemmShape, kind: 'float' | 'int8', leastFlops: number): GemmChain {
  const { m, k, n } = shape;
  const pairs = Math.ceil(leastFlops / (4 * m * k * n));
  const chain = new Chain();
  chain.constant('matrix', vector([m, k]));
  let x = chain.node('matrix.pixels', 'Reshape', ['pixels', 'matrix']);
  if (kind === 'float') x = chain.node('floats', 'Cast', [x], TO_FLOAT);
  const multiply = kind === 'float' ? floatProduct : int8Product;
  const there = multiply(chain, 'there', [k, n]);
  const back = multiply(chain, 'back', [n, k]);
  for (let i = 0; i < pairs; i++) x = back(there(x, i), i);
  // Only one row is returned, so that returning the result costs nothing either.
  chain.constant('zero', vector([0]));
  chain.constant('one', vector([1]));
  x = chain.node('row', 'Slice', [x, 'zero', 'one', 'zero']);
  if (kind === 'int8') x = chain.node('row.float', 'Cast', [x], TO_FLOAT);
  chain.node('product', 'Identity', [x]);
  return { graph: chain.graph(shape), flops: pairs * 4 * m * k * n };
}

// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 TensorProto.DataType
const TO_FLOAT = { to: { kind: 'int', value: 1 } } as const;

type Product = (x: string, i: number) => string;

function floatProduct(chain: Chain, name: string, shape: readonly number[]): Product {
  chain.constant(name, floats(shape));
  return (x, i) => chain.node(`${name}.${i}`, 'MatMul', [x, name]);
}

/** Returns scales that keep the spread of the values, around the zero point 128, from product to product. */
function int8Product(chain: Chain, name: string, shape: readonly number[]): Product {
  const [k = 1] = shape;
  chain.constant(name, int8s(shape));
  chain.constant('x.scale', scalar('float32', Float32Array.of(1)));
  chain.constant('x.zero', scalar('uint8', Uint8Array.of(128)));
  chain.constant(`${name}.scale`, scalar('float32', Float32Array.of(Math.sqrt(3 / k) / MAX_WEIGHT)));
  chain.constant(`${name}.zero`, scalar('int8', Int8Array.of(0)));
  const operands = [name, `${name}.scale`, `${name}.zero`, 'x.scale', 'x.zero'];
  return (x, i) => chain.node(`${name}.${i}`, 'QLinearMatMul', [x, 'x.scale', 'x.zero', ...operands]);
}

class Chain {
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, LazyTensor>();

  constant(name: string, tensor: LazyTensor): void {
    this.#constants.set(name, tensor);
  }

  node(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    this.#nodes.push({ name, op, domain: '', inputs, outputs: [name], attributes });
    return name;
  }

  graph({ m, k }: GemmShape): Graph {
    return {
      name: 'gemm',
      nodes: this.#nodes,
      initializers: this.#constants,
      inputs: [{ name: 'pixels', dtype: 'uint8', shape: [1, 1, m, k] }],
      outputs: [{ name: 'product', dtype: 'float32', shape: [1, k] }],
    };
  }
}

/** Uniform values of variance 1 / rows, so that products keep the spread of their input. */
function floats(shape: readonly number[]): LazyTensor {
  const bound = Math.sqrt(3 / (shape[0] ?? 1));
  const read = () => {
    const random = mulberry32(1);
    const values = Float32Array.from({ length: elementCount(shape) }, () => (2 * random() - 1) * bound);
    return new Uint8Array(values.buffer);
  };
  return { dtype: 'float32', shape, read };
}

/** Uniform values as large as a network's weights. */
function int8s(shape: readonly number[]): LazyTensor {
  const bound = MAX_WEIGHT + 0.5; // values are truncated
  const read = () => {
    const random = mulberry32(1);
    const values = Int8Array.from({ length: elementCount(shape) }, () => (2 * random() - 1) * bound);
    return new Uint8Array(values.buffer);
  };
  return { dtype: 'int8', shape, read };
}

const vector = (values: readonly number[]): LazyTensor => ({
  dtype: 'int64',
  shape: [values.length],
  read: () => new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

const scalar = (
  dtype: LazyTensor['dtype'],
  { buffer }: Float32Array | Uint8Array | Int8Array,
): LazyTensor => ({
  dtype,
  shape: [],
  read: () => new Uint8Array(buffer),
});
