import { kernels, layOut, memoryBytes } from './kernels.js';

/** A picture that libheif has converted from YCbCr to RGB, and its original coding. */
export interface CodedPicture {
  readonly data: Uint8Array; // [height, width, channels] of u8, or of little-endian u16 with the sample in the high bits
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4; // RGB, or RGBA
  readonly depth: 8 | 10 | 12; // bits
  readonly halved: { readonly x: boolean; readonly y: boolean }; // chroma: 4:2:0 both, 4:2:2 x, 4:4:4 none
  readonly limited: boolean; // limited range
  readonly matrix: keyof typeof MATRICES;
}

// The shares of red and blue in luma (ITU-T H.273), and libyuv's constants (row_common.cc), for full and limited range.
const MATRICES = {
  'BT.601': {
    shares: [0.299, 0.114],
    full: [16_320, 32, 113, 22, 46, 90],
    limited: [18_997, -1160, 128, 25, 52, 102],
  },
  'BT.709': {
    shares: [0.2126, 0.0722],
    full: [16_320, 32, 119, 12, 30, 101],
    limited: [18_997, -1160, 128, 14, 34, 115],
  },
  'BT.2020': {
    shares: [0.2627, 0.0593],
    full: [16_320, 32, 120, 11, 37, 94],
    limited: [19_003, -1160, 128, 12, 42, 107],
  },
} as const;

const BLOCK_BYTES = 2 ** 21; // of source rows that are converted together
const MARGIN = 2; // neighbouring rows above and below

/**
 * Computes the pixels that libavif makes of a picture with libyuv, as in Pillow: it interpolates chroma bilinearly, where libheif
 * repeats it. The result is exact except where libheif's rounding or clipping has lost information.
 * https://github.com/AOMediaCodec/libavif/blob/main/src/reformat_libyuv.c
 *
 * @returns u8 [height, width, channels]
 */
export function interpolateChroma(picture: CodedPicture): Uint8Array {
  const { data, width, height, channels, depth, halved, limited, matrix } = picture;
  const rowBytes = data.byteLength / height;
  const result = new Uint8Array(width * height * channels);
  const atOnce = 2 * Math.max(1, Math.floor(BLOCK_BYTES / rowBytes / 2)); // in rows; even, because blocks may be two rows high
  const shares = Float64Array.from(MATRICES[matrix].shares);
  const fixed = Int32Array.from(MATRICES[matrix][limited ? 'limited' : 'full']);
  for (let first = 0; first < height; first += atOnce) {
    const count = Math.min(atOnce, height - first);
    const start = Math.max(0, first - MARGIN);
    const end = Math.min(height, first + count + MARGIN);
    const at = layOut({
      source: (end - start) * rowBytes,
      target: count * width * channels,
      chroma: 2 * (end - start + 1) * (width + 1),
      matrix: shares.byteLength,
      fixed: fixed.byteLength,
    });
    const memory = memoryBytes();
    memory.set(data.subarray(start * rowBytes, end * rowBytes), at.source);
    memory.set(new Uint8Array(shares.buffer), at.matrix);
    memory.set(new Uint8Array(fixed.buffer), at.fixed);
    const pixels = [
      ...([at.source, depth === 8 ? -1 : 16 - depth, depth, width, end - start, channels] as const),
      ...([Number(halved.x), Number(halved.y), Number(limited), at.matrix, at.chroma] as const),
    ] as const;
    kernels.recoverChroma(...pixels);
    kernels.interpolateChroma(...pixels, at.fixed, first - start, count, at.target);
    result.set(memory.subarray(at.target, at.target + count * width * channels), first * width * channels);
  }
  return result;
}
