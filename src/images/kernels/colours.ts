import { kernels, layOut, memoryBytes } from './kernels.js';

/** Pixels that are not RGB yet. */
export interface Samples {
  readonly data: Uint8Array; // count * bytesPerPixel
  readonly bytesPerPixel: number;
}

const PIXELS_AT_ONCE = 2 ** 16; // few enough to stay in a core's cache

/**
 * Converts CMYK to RGB with Pillow's formula, which ignores the press. Drops channels after the first four.
 *
 * @param sampleBytes 1, or 2 (little-endian), of which the high byte counts
 * @returns RGB, 0..255
 */
export function cmykToRgb({ data, bytesPerPixel }: Samples, sampleBytes: 1 | 2): Uint8Array {
  return inPlace(data, bytesPerPixel, (at, count) =>
    kernels.cmykToRgb(at, count, bytesPerPixel, sampleBytes),
  );
}

/** Converts RGBA with premultiplied colours to plain RGB, dropping alpha. */
export function unpremultiply(data: Uint8Array): Uint8Array {
  return inPlace(data, 4, (at, count) => kernels.unpremultiply(at, count));
}

function inPlace(
  data: Uint8Array,
  bytesPerPixel: number,
  convert: (address: number, count: number) => void,
): Uint8Array {
  const count = data.byteLength / bytesPerPixel;
  const rgb = new Uint8Array(3 * count);
  const { pixels } = layOut({ pixels: PIXELS_AT_ONCE * bytesPerPixel });
  const memory = memoryBytes();
  for (let first = 0; first < count; first += PIXELS_AT_ONCE) {
    const some = Math.min(PIXELS_AT_ONCE, count - first);
    memory.set(data.subarray(first * bytesPerPixel, (first + some) * bytesPerPixel), pixels);
    convert(pixels, some);
    rgb.set(memory.subarray(pixels, pixels + 3 * some), 3 * first);
  }
  return rgb;
}
