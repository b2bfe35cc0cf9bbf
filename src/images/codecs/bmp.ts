import { ImageRefusal } from '../../refusal.js';
import type { Codec } from '../image.js';
import { openPacked } from '../packed-image.js';
import { readDib } from './dib.js';

const FILE_HEADER = 14; // bytes

/**
 * Windows and OS/2 bitmaps: 1, 4 and 8 bits with a palette, plain or run-length encoded, and 16, 24 and 32 bits; bottom-up or
 * top-down. Matches Pillow's BmpImagePlugin, except for its bugs with an odd number of literal RLE4 pixels, rows that RLE leaves
 * out, and black-and-white palettes at 4 or 8 bits.
 * https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage
 *
 * @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large
 */
export const bmp: Codec = async (bytes, settings) => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.byteLength < FILE_HEADER) throw new ImageRefusal('truncated', 'the BMP file ends early');
  const pixelsAt = file.readUInt32LE(10);
  return openPacked(readDib(file, { format: 'BMP', at: FILE_HEADER, pixelsAt }, settings), settings);
};

/** A bitmap without a file header, as some .dib files are. Otherwise as {@link bmp}. */
export const dib: Codec = async (bytes, settings) => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return openPacked(readDib(file, { format: 'DIB', at: 0 }, settings), settings);
};
