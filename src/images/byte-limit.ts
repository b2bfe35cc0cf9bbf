import type { Preprocessing } from './geometry.js';

const BYTES_PER_PIXEL = 8; // RGBA of 16 bits, uncompressed: no image takes more
const ALWAYS_READ = 256 * 2 ** 20; // metadata and animations may be large however small the pixel limit

/** The bytes that an image file may have. */
export function byteLimit({ maxPixels }: Pick<Preprocessing, 'maxPixels'>): number {
  return Math.max(ALWAYS_READ, BYTES_PER_PIXEL * maxPixels);
}
