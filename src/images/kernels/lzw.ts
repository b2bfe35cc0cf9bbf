import { kernels, layOut, memoryBytes } from './kernels.js';

/** The compressed pixels of a GIF frame. */
export interface LzwData {
  readonly data: Uint8Array; // without the lengths of its blocks
  readonly literalBits: number; // 1 to 11, the initial code size
}

/** Counts the pixels; -1 if the data are damaged. @returns f64 [1] */
export function countLzwPixels({ data, literalBits }: LzwData): Float64Array {
  const at = layOut({ data: data.byteLength, lengths: 4 * 4096 });
  memoryBytes().set(data, at.data);
  return Float64Array.of(kernels.countLzwPixels(at.data, data.byteLength, literalBits, at.lengths));
}
