import { encodeOnnx } from '../../formats/onnx/encode.js';
import type { Device } from '../../runtime/devices.js';
import { Session } from '../../runtime/session.js';
import type { RunPrecision } from '../model-source.js';
import { inFloats } from '../precision.js';
import { type GemmShape, gemmChain } from './gemm-graph.js';
import type { Effort } from './options.js';
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
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly device: Device;
  readonly shape: GemmShape;
  readonly seconds: number; // of a sample, at least
}

interface OpenChain extends AsyncDisposable {
  readonly flops: number; // of one run
  readonly run: () => Promise<void>;
}

const CPU_FLOPS = 8e9; // of one run: a CPU takes long enough over them that starting it is nothing
const LONG_ENOUGH = 0.02; // seconds of one run
const LONGEST = 64; // times the chain of a CPU: the graph of a longer one takes long to load

/**
 * A session of its own for one shape: floating-point operations per second. On a device that is done at once, the chain of
 * products is longer.
 */
export async function openGemm(gemm: GemmCase): Promise<Measurement & AsyncDisposable> {
  const { precision, threads, shape, seconds } = gemm;
  let chain = await openChain(gemm, CPU_FLOPS);
  const first = await secondsPerRun(chain.run, { seconds: 0, lanes: 1 });
  if (first < LONG_ENOUGH) {
    await chain[Symbol.asyncDispose]();
    chain = await openChain(gemm, CPU_FLOPS * Math.min(LONGEST, LONG_ENOUGH / first));
  }
  return {
    label: `matrix product ${shape.m}×${shape.k}×${shape.n}, ${precision}, ${threads} threads`,
    sample: async () => chain.flops / (await secondsPerRun(chain.run, { seconds, lanes: 1 })),
    [Symbol.asyncDispose]: chain[Symbol.asyncDispose],
  };
}

async function openChain({ precision, threads, device, shape }: GemmCase, least: number): Promise<OpenChain> {
  const { m, k } = shape;
  const { graph, flops } = gemmChain(shape, precision === 'int8' ? 'int8' : 'float', least);
  const onnx = encodeOnnx(precision === 'int8' ? graph : inFloats(graph, 'fp32', precision));
  const session = await Session.open(onnx, { threads, device });
  let pixels: Uint8Array = Uint8Array.from({ length: m * k }, (_, i) => i % 251);
  return {
    flops,
    run: async () => {
      ({ pixels } = await session.run(pixels, [1, 1, m, k]));
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
}
