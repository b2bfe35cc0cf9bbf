import type { Net } from './net.js';

/** Adds torch's `Linear` under `prefix`, on rows: [..., inputs] to [..., outputs]. */
export function linear(
  net: Net,
  x: string,
  prefix: string,
  outputs: number,
  { hasBias = true }: { readonly hasBias?: boolean } = {},
): string {
  const { graph, weights } = net;
  const inputs = graph.shapeOf(x).at(-1) ?? 0;
  const weight = weights.take(`${prefix}.weight`, [outputs, inputs]);
  const bias = hasBias ? weights.take(`${prefix}.bias`, [outputs]) : undefined;
  return addLinear(net, x, prefix, outputs, { weight: weight.read, bias: bias?.read });
}

/** The source of a linear layer's weights. */
export interface LinearWeights {
  readonly weight: () => Float32Array; // [outputs, inputs], as torch stores it
  readonly bias?: (() => Float32Array) | undefined; // [outputs]
}

/** Adds a linear layer with the given weights, computed when they are encoded. */
export function addLinear(
  { graph }: Net,
  x: string,
  name: string,
  outputs: number,
  { weight, bias }: LinearWeights,
): string {
  const inputs = graph.shapeOf(x).at(-1) ?? 0;
  const matrix = graph.floats(`${name}.weight`, [inputs, outputs], () =>
    transposed(weight(), outputs, inputs),
  );
  const product = graph.add(bias === undefined ? name : `${name}.product`, 'MatMul', [x, matrix]);
  if (bias === undefined) return product;
  return graph.add(name, 'Add', [product, graph.floats(`${name}.bias`, [outputs], bias)]);
}

/** @param matrix [rows, columns] */
function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c] as number;
  }
  return result;
}
