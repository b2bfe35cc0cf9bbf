import { ImageRefusal } from '../refusal.js';
import type { Size } from './geometry.js';
import type { Image, OpenSettings } from './image.js';
import type { Coding } from './kernels/codes.js';
import { bitsPerPixel, type Layout } from './kernels/layout.js';
import { runInThread } from './kernels/pixel-threads.js';
import type { Region } from './raster.js';
import { refuseSize } from './size-limit.js';

/** An image whose file stores its pixels in rows, plain or compressed. */
export interface PackedImage extends Size {
  readonly format: string; // for messages
  readonly bytes: Uint8Array; // from the first pixel or code on; trailing data are ignored
  readonly stride: number; // bytes from row to row, once decoded
  readonly layout: Layout;
  readonly bottomUp: boolean; // the file begins with the last row
  readonly mirrored: boolean; // rows begin with their last pixel
  readonly coding?: Coding | undefined; // undefined: rows are not compressed
  readonly minBytes?: number | undefined; // minimum length of the codes of this image
}

/**
 * Opens an image whose pixels are stored in rows. Only the rows requested are unpacked, in a separate thread.
 *
 * @throws ImageRefusal decode_failed, too_large or truncated
 */
export function openPacked(image: PackedImage, { maxPixels, failOn }: OpenSettings): Image {
  const { width, height, format, bytes, stride, layout, coding } = image;
  if (width <= 0 || height <= 0) {
    throw new ImageRefusal('decode_failed', `the ${format} says that it has ${width} x ${height} pixels`);
  }
  refuseSize({ width, height }, maxPixels);
  const lastRow = Math.ceil((width * bitsPerPixel(layout)) / 8); // may lack padding
  const needed = coding === undefined ? stride * (height - 1) + lastRow : (image.minBytes ?? 1);
  const partial = failOn === 'none';
  if (bytes.byteLength < needed && !partial) {
    throw new ImageRefusal('truncated', `the ${format} file ends early`, { width, height });
  }
  return {
    header: { width, height, format, streamed: false },
    read: async (region, signal) => ({
      data: await readRegion(image, region, partial, signal),
      width: region.width,
      height: region.height,
    }),
  };
}

function readRegion(
  { bytes, format, stride, width, height, layout, bottomUp, mirrored, coding }: PackedImage,
  region: Region,
  partial: boolean,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const rows = { stride, width, layout, bottomUp, mirrored, region };
  const firstRow = bottomUp ? height - region.top - region.height : region.top;
  if (coding === undefined) {
    const data = new Uint8Array(bytes.subarray(firstRow * stride, (firstRow + region.height) * stride)); // a copy
    return runInThread('unpackPixels', { rows, data }, { transfer: [data], signal });
  }
  const data = new Uint8Array(bytes);
  const coded = { format, data, coding, bytes: stride * height, partial };
  return runInThread('unpackPixels', { rows, coded, firstRow }, { transfer: [data], signal });
}
