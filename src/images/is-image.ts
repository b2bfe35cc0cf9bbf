import { openFile } from '../file-item.js';
import { rethrowShortage } from '../shortage.js';
import { sniffFormat } from './sniff.js';

// Formats whose first bytes rarely begin other files: a text may begin with BMP's BM, and zeros can pass for a TGA.
const DISTINCT: ReadonlySet<string> = new Set([
  'JPEG',
  'PNG',
  'GIF',
  'WebP',
  'TIFF',
  'AVIF',
  'SVG',
  'QOI',
  'HEIC',
  'JPEG 2000',
]);

const HEAD = 4096; // bytes

/**
 * Returns whether a file begins like an image that can be decoded; false if it cannot be read.
 *
 * @throws ShortageError when too many files are open, which says nothing about the file
 */
export async function isImage(path: string): Promise<boolean> {
  try {
    const { handle } = await openFile(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      const format = sniffFormat(buffer.subarray(0, bytesRead));
      return format?.readable === true && DISTINCT.has(format.name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    rethrowShortage(error);
    return false;
  }
}
