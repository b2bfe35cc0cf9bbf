import type { Metadata } from 'sharp';
import type { Preprocessing } from './geometry.js';
import { openImage } from './libvips.js';
import { ImageRefusal } from './refusal.js';
import { HEIC, type SniffedFormat, sniffFormat } from './sniff.js';

/** What the pixels have to be read by. */
export interface Header {
  readonly width: number; // of the image that is used, upright where EXIF orientation is followed
  readonly height: number;
  readonly format: string; // for people: JPEG, PNG, …
  readonly orientation: number; // EXIF, 1..8; 1 where it is not followed
  readonly layout: 'plain' | 'alpha' | 'cmyk' | 'svg';
  readonly interlaced: boolean; // in several passes over the whole image
}

/**
 * Reads an image's header and refuses what would not decode to three honest 8-bit channels.
 *
 * @throws ImageRefusal unsupported_format, decode_failed or too_large
 */
export async function readHeader(
  bytes: Uint8Array,
  { autoOrient, maxPixels, failOn }: Preprocessing,
): Promise<Header> {
  const metadata = await openImage(bytes, { autoOrient, failOn })
    .metadata()
    .catch(() => {
      throw headerRefusal(bytes);
    });
  if (metadata.format === 'heif' && metadata.compression !== 'av1') throw unsupported(HEIC);
  refuseDepth(metadata);
  const { width, height } = autoOrient ? metadata.autoOrient : metadata;
  if (width * height > maxPixels) {
    throw new ImageRefusal(
      'too_large',
      `${width} x ${height} = ${width * height} pixels, more than the limit of ${maxPixels}`,
    );
  }
  return {
    width,
    height,
    format: metadata.format.toUpperCase(),
    orientation: autoOrient ? (metadata.orientation ?? 1) : 1,
    layout: layoutOf(metadata),
    interlaced: metadata.isProgressive === true,
  };
}

/** libvips would cut samples of 0..1 to 0 and call it black. */
function refuseDepth({ format, depth }: Metadata): void {
  if (depth === 'uchar' || depth === 'ushort') return;
  const samples = depth === 'float' || depth === 'double' ? 'floating-point' : depth;
  throw new ImageRefusal(
    'unsupported_format',
    `${format.toUpperCase()} with ${samples} samples has no defined range; convert it to 8 or 16 bits, unsigned`,
  );
}

function layoutOf({ format, space, channels, depth, hasAlpha }: Metadata): Header['layout'] {
  if (format === 'svg') return 'svg';
  if (space === 'cmyk' && channels >= 4 && depth === 'uchar') return 'cmyk';
  return hasAlpha ? 'alpha' : 'plain';
}

function headerRefusal(bytes: Uint8Array): ImageRefusal {
  const sniffed = sniffFormat(bytes);
  if (sniffed !== undefined && !sniffed.readable) return unsupported(sniffed);
  if (sniffed !== undefined) {
    return new ImageRefusal('decode_failed', `the header of this ${sniffed.name} file is damaged`);
  }
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return new ImageRefusal(
    'unsupported_format',
    `not a known image format (starts with ${start}); expected JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG`,
  );
}

function unsupported({ name, advice }: SniffedFormat): ImageRefusal {
  return new ImageRefusal(
    'unsupported_format',
    `${name} is not supported by this build of libvips; ${advice}`,
  );
}
