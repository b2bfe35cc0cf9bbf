// src/images/kernels/: pixel loops in WebAssembly, run in threads

import { readFileSync } from 'node:fs';

type CodedPixels = [
  ...[source: number, shift: number, depth: number, width: number, rows: number, channels: number],
  ...[halvedX: number, halvedY: number, limited: number, matrix: number, chroma: number],
];

/** The exports of assembly/index.ts, which documents them. Addresses are byte offsets in the memory. */
interface Exports {
  readonly resampleRows: (
    source: number,
    stride: number,
    rows: number,
    target: number,
    count: number,
    spans: number,
    weights: number,
  ) => void;
  readonly resampleRow: (
    source: number,
    bytes: number,
    target: number,
    weights: number,
    taps: number,
  ) => void;
  readonly recoverChroma: (...picture: CodedPixels) => void;
  readonly interpolateChroma: (
    ...rest: [...CodedPixels, fixed: number, first: number, count: number, target: number]
  ) => void;
  readonly countLzwPixels: (data: number, length: number, literalBits: number, lengths: number) => number;
  readonly cmykToRgb: (pixels: number, count: number, bytesPerPixel: number, sampleBytes: number) => void;
  readonly unpremultiply: (pixels: number, count: number) => void;
  readonly unpackIndices: (
    source: number,
    count: number,
    bits: number,
    palette: number,
    target: number,
    step: number,
  ) => void;
  readonly unpackBytes: (
    source: number,
    count: number,
    bytesPerPixel: number,
    red: number,
    green: number,
    blue: number,
    target: number,
    step: number,
  ) => void;
  readonly unpackWords: (
    source: number,
    count: number,
    greenBits: number,
    target: number,
    step: number,
  ) => void;
  readonly unpackSamples: (
    source: number,
    count: number,
    sampleBytes: number,
    table: number,
    copies: number,
    target: number,
  ) => void;
  readonly bmpRuns: DecodeCodes<[bits: number, width: number]>;
  readonly tgaRuns: DecodeCodes<[bytesPerPixel: number]>;
  readonly qoi: DecodeCodes<[]>;
  readonly plainBits: DecodeCodes<[]>;
  readonly plainSamples: DecodeCodes<[most: number]>;
}

/** See assembly/code-state.ts. */
type DecodeCodes<Rest extends readonly unknown[]> = (
  source: number,
  end: number,
  target: number,
  targetEnd: number,
  state: number,
  ...rest: Rest
) => void;

const PAGE = 2 ** 16; // bytes

/** Kernels read and write up to this much beyond their stated sizes. */
const MARGIN = 16; // bytes

// Created when this module is loaded, which only pixel-thread.ts does: beside a network, there may be no room for it.
const memory = new WebAssembly.Memory({ initial: 1 });
const module = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));

/** The WebAssembly kernels of this thread. They share one memory; {@link layOut} divides it up for each use. */
export const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;

/**
 * Lays out consecutive regions of the kernels' memory, aligned and with a margin, growing the memory as needed. The regions
 * contain garbage from earlier uses.
 *
 * @param sizes bytes of each region
 * @returns the address of each
 * @throws RangeError if there is not enough memory
 */
export function layOut<const Name extends string>(
  sizes: Readonly<Record<Name, number>>,
): Readonly<Record<Name, number>> {
  let end = 0;
  const addresses = Object.entries<number>(sizes).map(([name, size]) => {
    const at = end;
    end = Math.ceil((at + size + MARGIN) / MARGIN) * MARGIN;
    return [name, at] as const;
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return Object.fromEntries(addresses) as Record<Name, number>;
}

/** Returns the kernels' memory as bytes; a view is valid until the next {@link layOut}. */
export const memoryBytes = () => new Uint8Array(memory.buffer);
