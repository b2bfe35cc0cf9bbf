import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { gemmChain } from '../../src/benchmark/gemm-graph.js';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { summarizeGraph } from '../../src/model/summary.js';
import { asFloat32 } from '../../src/tensor.js';
import { relativeError } from '../support/relative-error.js';

const shape = { m: 6, k: 8, n: 16 };
const FLOPS_OF_PAIR = 2 * 2 * 6 * 8 * 16;

/** Row 0 after two pairs of products, in float64; `round` is applied to each product. */
function expectedRow(
  row: readonly number[],
  [there, back]: readonly [ArrayLike<number>, ArrayLike<number>],
  round: (x: number) => number,
): readonly number[] {
  const times = (x: readonly number[], matrix: ArrayLike<number>) => {
    const columns = matrix.length / x.length;
    return Array.from({ length: columns }, (_, j) =>
      round(x.reduce((sum, value, i) => sum + value * (matrix[i * columns + j] ?? Number.NaN), 0)),
    );
  };
  return times(times(times(times(row, there), back), there), back);
}

async function firstRow(onnx: Uint8Array, pixels: Uint8Array): Promise<Float32Array> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const { product } = await session.run({ pixels: new OrtTensor('uint8', pixels, [1, 1, 6, 8]) });
    assert.deepEqual(product?.dims, [1, 8]);
    if (!(product?.data instanceof Float32Array)) throw new TypeError('the product is not float32');
    return product.data.slice();
  } finally {
    await session.release();
  }
}

const pixels = Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256);

describe('gemmChain', () => {
  it('multiplies there and back, as often as its FLOP count states', async () => {
    const { graph, flops } = gemmChain(shape, 'float', FLOPS_OF_PAIR + 1);
    assert.equal(flops, 2 * FLOPS_OF_PAIR);
    assert.equal(2 * summarizeGraph(graph).macs, flops);
    const matrix = (name: string) => asFloat32(graph.initializers.get(name)?.read() ?? new Uint8Array());
    const expected = expectedRow([...pixels.subarray(0, 8)], [matrix('there'), matrix('back')], (x) => x);
    const error = relativeError(await firstRow(encodeOnnx(graph), pixels), expected);
    assert.ok(error < 1e-5, `relative error ${error}`);
  });

  it('multiplies there and back in int8', async () => {
    const { graph, flops } = gemmChain(shape, 'int8', FLOPS_OF_PAIR + 1);
    assert.equal(flops, 2 * FLOPS_OF_PAIR);
    assert.equal(graph.nodes.filter(({ op }) => op === 'QLinearMatMul').length, 4);
    const read = (name: string) => graph.initializers.get(name)?.read() ?? new Uint8Array();
    const matrix = (name: string) => {
      const [scale = 0] = asFloat32(read(`${name}.scale`));
      const weights = new Int8Array(new Uint8Array(read(name)).buffer);
      const largest = Math.max(...weights.map(Math.abs));
      assert.ok(2 * 255 * largest < 2 ** 15, `${name}: two products do not fit in 16 bits`);
      return Array.from(weights, (q) => q * scale);
    };
    const clamp = (x: number) => Math.min(127, Math.max(-128, Math.round(x)));
    const row = [...pixels.subarray(0, 8)].map((x) => x - 128);
    const expected = expectedRow(row, [matrix('there'), matrix('back')], clamp).map((x) => x + 128);
    const actual = await firstRow(encodeOnnx(graph), pixels);
    for (const [i, value] of expected.entries()) assert.ok(Math.abs((actual[i] ?? 0) - value) <= 1, `${i}`);
    assert.ok(new Set(actual).size > 4, 'not all the same');
  });
});
