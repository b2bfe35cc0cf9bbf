import { ImageRefusal } from '../refusal.js';
import { type SniffedFormat, sniffFormat } from './sniff.js';

/** Returns why the header of a file cannot be read. */
export function headerRefusal(bytes: Uint8Array): ImageRefusal {
  const sniffed = sniffFormat(bytes);
  if (sniffed !== undefined && !sniffed.readable) return unsupported(sniffed);
  if (sniffed !== undefined) {
    return new ImageRefusal('decode_failed', `the header of this ${sniffed.name} file is damaged`);
  }
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return new ImageRefusal(
    'unsupported_format',
    `not a known image format (starts with ${start}); expected JPEG, PNG, WebP, GIF, TIFF, AVIF, SVG, BMP, ICO, PNM, QOI, TGA, HEIC or JPEG 2000`,
  );
}

function unsupported({ name, advice }: SniffedFormat): ImageRefusal {
  return new ImageRefusal('unsupported_format', `${name} is not supported; ${advice}`);
}
