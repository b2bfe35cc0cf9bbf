/** The layout of pixels in the bytes of a row. */
export type Layout =
  | {
      readonly kind: 'indices'; // into a palette
      readonly bits: 1 | 2 | 4 | 8; // of an index, the first in the highest bits of a byte
      readonly palette: Uint8Array; // [2^bits, 3]: RGB
    }
  | {
      readonly kind: 'bytes';
      readonly bytesPerPixel: number;
      readonly rgb: readonly [red: number, green: number, blue: number]; // byte offsets in a pixel
    }
  | { readonly kind: 'words'; readonly greenBits: 5 | 6 } // little-endian, blue in the lowest 5 bits, then green, red
  | {
      readonly kind: 'samples';
      readonly channels: 1 | 3; // grey or RGB
      readonly sampleBytes: 1 | 2; // big-endian
      readonly table: Uint8Array; // [2^(8 * sampleBytes)]: maps samples to 0..255
    };

/** Returns the number of bits of a pixel in its row. */
export function bitsPerPixel(layout: Layout): number {
  if (layout.kind === 'indices') return layout.bits;
  if (layout.kind === 'words') return 16;
  return 8 * (layout.kind === 'bytes' ? layout.bytesPerPixel : layout.channels * layout.sampleBytes);
}
