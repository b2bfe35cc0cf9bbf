import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { ImageRefusal } from '../refusal.js';
import type { FailOn } from './geometry.js';
import type { Raster } from './raster.js';

// Each path is seen once: a cache would only hold memory.
sharp.cache(false);
// Images are decoded side by side, so each gets one thread: 340 images/s against 260 with two threads each, four
// photos at once on two cores.
sharp.concurrency(1);

// libvips reads many formats, some by libraries that no photo needs: what is not named here is blocked.
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif', 'Svg'];
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}Buffer`) });

/**
 * As Pillow reads: embedded profiles do not change the pixels. The pixel limit is checked against the header, with a
 * message of ours.
 */
const READ: SharpOptions = { ignoreIcc: true, limitInputPixels: false };

/**
 * An image file, its first frame, as stored.
 *
 * Pillow's rule is 'truncated': a file that ends early is an error, a damaged one that decodes to the end is not.
 * sharp's own 'warning' refuses JPEGs with a few stray bytes, and 'error' PNGs with a wrong checksum.
 */
export function openFile(bytes: Uint8Array, failOn: FailOn): Sharp {
  return sharp(bytes, { ...READ, autoOrient: false, failOn });
}

/** An image whose pixels are there. */
export function openRaster({ data, width, height }: Raster): Sharp {
  return sharp(data, { ...READ, raw: { width, height, channels: 3 } });
}

/** The pixels of an image in sRGB, without alpha. @throws ImageRefusal unsupported_format */
export async function readRgb(image: Sharp): Promise<Raster> {
  const { data, info } = await readSamples(image.toColourspace('srgb').removeAlpha());
  if (info.channels !== 3) {
    throw new ImageRefusal('unsupported_format', `decodes to ${info.channels} channels; expected 3`);
  }
  return { data, width: info.width, height: info.height };
}

/** The pixels of an image as they are: HWC. */
export function readSamples(image: Sharp, depth: 'uchar' | 'ushort' = 'uchar') {
  return image.raw({ depth }).toBuffer({ resolveWithObject: true });
}

/**
 * Bytes in memory of their own, which can be given to another thread. Node copies what libvips allocated twice (48 ms for 36 MB in
 * place of 8), or from 26 on refuses to, as it does what lies in a buffer that others share.
 */
export const transferable = (data: Uint8Array): Uint8Array => new Uint8Array(data);

/** Versions of what images are decoded with. */
export function libraryVersions(): { readonly sharp: string; readonly libvips: string } {
  return { sharp: sharp.versions.sharp ?? '?', libvips: sharp.versions.vips };
}
