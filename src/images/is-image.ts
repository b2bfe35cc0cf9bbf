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
      return isImageHead(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (error) {
    rethrowShortage(error);
    return false;
  }
}

/** Returns whether bytes are the beginning of an image that can be decoded: the first 4096, or all there are. */
export function isImageHead(head: Uint8Array): boolean {
  const format = sniffFormat(head);
  return format?.readable === true && DISTINCT.has(format.name);
}
