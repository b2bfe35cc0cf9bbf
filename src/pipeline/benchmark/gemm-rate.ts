import { encodeOnnx } from '../../formats/onnx/encode.js';
import { Session } from '../../runtime/session.js';
import { type GemmShape, gemmChain } from './gemm-graph.js';
import type { Effort } from './options.js';
import { type BenchmarkPrecision, inPrecision } from './precision.js';
import { type Measurement, secondsPerRun } from './rounds.js';

const SQUARE: GemmShape = { m: 512, k: 512, n: 512 };
const MAP: GemmShape = { m: 1024, k: 256, n: 1024 };

/**
 * Squares, and the shapes of 1×1 convolutions: pixels of a map by channels in by channels out. None is the fastest
 * everywhere: the best of them is the rate of a machine.
 */
export const GEMM_SHAPES: Readonly<Record<Effort['extent'], readonly GemmShape[]>> = {
  few: [SQUARE, MAP],
  all: [
    SQUARE,
    { m: 1024, k: 1024, n: 1024 },
    { m: 2048, k: 2048, n: 2048 },
    { m: 4096, k: 64, n: 256 },
    MAP,
    { m: 4096, k: 512, n: 2048 },
  ],
};

export interface GemmCase {
  readonly precision: BenchmarkPrecision | 'int8';
  readonly threads: number;
  readonly shape: GemmShape;
}

/** A session of its own for one shape: floating-point operations per second. */
export async function openGemm(
  { precision, threads, shape }: GemmCase,
  seconds: number,
): Promise<Measurement & AsyncDisposable> {
  const { m, k, n } = shape;
  const { graph, flops } = gemmChain(shape, precision === 'int8' ? 'int8' : 'float');
  const session = await Session.open(
    encodeOnnx(precision === 'int8' ? graph : inPrecision(graph, precision)),
    threads,
  );
  let pixels: Uint8Array = Uint8Array.from({ length: m * k }, (_, i) => i % 251);
  const run = async () => {
    ({ pixels } = await session.run(pixels, [1, 1, m, k]));
  };
  return {
    label: `matrix product ${m}×${k}×${n}, ${precision}, ${threads} threads`,
    sample: async () => flops / (await secondsPerRun(run, { seconds, lanes: 1 })),
    [Symbol.asyncDispose]: () => session.close(),
  };
}
