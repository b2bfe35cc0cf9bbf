import { encodeOnnx } from '../formats/onnx/encode.js';
import type { RunPrecision } from '../models/model-source.js';
import { toFloats } from '../models/precision.js';
import { type GemmShape, gemmChain } from './gemm-graph.js';
import { type MeasuredSessionOptions, measuredSession } from './measured-session.js';
import type { Effort } from './options.js';
import { type Measurement, secondsPerRun } from './rounds.js';

const SQUARE: GemmShape = { m: 512, k: 512, n: 512 };
const MAP: GemmShape = { m: 1024, k: 256, n: 1024 };

/**
 * Squares, and the shapes of 1×1 convolutions: map pixels by input channels by output channels. No shape is the
 * fastest everywhere, so the best of them is the machine's rate.
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

export interface GemmCase extends MeasuredSessionOptions {
  readonly precision: RunPrecision;
  readonly shape: GemmShape;
  readonly seconds: number; // minimum length of a sample
}

interface OpenChain extends AsyncDisposable {
  readonly flops: number; // of one run
  readonly run: () => Promise<void>;
}

const FIRST_FLOPS = 5e8; // of one run, to estimate the speed of the device
const LONG_ENOUGH = 0.05; // seconds per run that make its start-up negligible
const MAX_FLOPS = 5e11; // graphs of longer chains take long to load

/**
 * Opens a session for one shape and measures floating-point operations per second. The length of the chain scales
 * with the speed of the device.
 *
 * @throws DeviceError if the device cannot be used, with the missing piece
 * @throws HalonetError if a product cannot be run
 */
export async function openGemm(gemm: GemmCase): Promise<Measurement & AsyncDisposable> {
  const { precision, threads, shape, seconds } = gemm;
  let chain = await openChain(gemm, FIRST_FLOPS);
  const first = await secondsPerRun(chain.run, { seconds: 0, lanes: 1 }).catch(async (error: unknown) => {
    await chain[Symbol.asyncDispose](); // an open session would keep the process alive
    throw error;
  });
  if (first < LONG_ENOUGH) {
    await chain[Symbol.asyncDispose]();
    chain = await openChain(gemm, Math.min(MAX_FLOPS, (chain.flops * LONG_ENOUGH) / first));
  }
  return {
    label: `matrix product ${shape.m}×${shape.k}×${shape.n}, ${precision}, ${threads} threads`,
    sample: async () => chain.flops / (await secondsPerRun(chain.run, { seconds, lanes: 1 })),
    [Symbol.asyncDispose]: chain[Symbol.asyncDispose],
  };
}

async function openChain({ precision, shape, ...options }: GemmCase, least: number): Promise<OpenChain> {
  const { m, k } = shape;
  const { graph, flops } = gemmChain(shape, precision === 'int8' ? 'int8' : 'float', least);
  const onnx = encodeOnnx(precision === 'int8' ? graph : toFloats(graph, 'fp32', precision));
  let pixels: Uint8Array = Uint8Array.from({ length: m * k }, (_, i) => i % 251);
  const session = await measuredSession(onnx, options);
  return {
    flops,
    run: async () => {
      ({ pixels } = await session.run(pixels, [1, 1, m, k]));
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
}
