import { ImageRefusal } from '../../refusal.js';
import type { Codec } from '../image.js';
import { openPacked } from '../packed-image.js';

const HEADER = 14; // bytes
const LONGEST_RUN = 62; // pixels per byte

/**
 * QOI, alpha dropped. https://qoiformat.org/qoi-specification.pdf
 *
 * @throws ImageRefusal decode_failed, truncated or too_large
 */
export const qoi: Codec = async (bytes, settings) => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.byteLength < HEADER) throw new ImageRefusal('truncated', 'the QOI file ends early');
  const [width, height] = [file.readUInt32BE(4), file.readUInt32BE(8)];
  return openPacked(
    {
      format: 'QOI',
      width,
      height,
      bytes: file.subarray(HEADER),
      stride: 3 * width,
      layout: { kind: 'bytes', bytesPerPixel: 3, rgb: [0, 1, 2] },
      bottomUp: false,
      mirrored: false,
      coding: { kind: 'qoi' },
      minBytes: Math.ceil((width * height) / LONGEST_RUN),
    },
    settings,
  );
};
