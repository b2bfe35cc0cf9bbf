import { type CodedPixels, decodeCodes } from './codes.js';
import { type PackedRows, unpack } from './unpack.js';

/** Pixels in rows, which may be compressed as a whole. */
export interface PackedPixels {
  readonly rows: Omit<PackedRows, 'data'>;
  readonly data: Uint8Array; // from the first row of the region on
  readonly coded?: undefined;
}

export interface CodedRows {
  readonly rows: Omit<PackedRows, 'data'>;
  readonly coded: CodedPixels; // of the whole image
  readonly firstRow: number; // first row of the region, in the order of the file
}

/**
 * Unpacks a region of an image whose pixels are stored in rows, decompressing them first if necessary.
 *
 * @returns HWC RGB, 0..255: [region.height, region.width, 3]
 * @throws ImageRefusal truncated, decode_failed
 */
export function unpackPixels(pixels: PackedPixels | CodedRows): Uint8Array {
  const { rows } = pixels;
  if (pixels.coded === undefined) return unpack({ ...rows, data: pixels.data });
  const data = decodeCodes(pixels.coded).subarray(pixels.firstRow * rows.stride);
  return unpack({ ...rows, data });
}
