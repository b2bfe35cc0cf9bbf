import type { Preprocessing } from './geometry.js';

const BYTES_PER_PIXEL = 8; // 16-bit RGBA, uncompressed: the largest pixel of any image
const ALWAYS_READ = 256 * 2 ** 20; // metadata and animations may be large even under a small pixel limit

/** Returns the largest size of an image file, in bytes. */
export function byteLimit({ maxPixels }: Pick<Preprocessing, 'maxPixels'>): number {
  return Math.max(ALWAYS_READ, BYTES_PER_PIXEL * maxPixels);
}
