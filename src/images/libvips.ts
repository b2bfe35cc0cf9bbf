import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { ImageRefusal } from '../refusal.js';
import type { FailOn } from './geometry.js';
import type { Raster } from './raster.js';

// Each path is read once: a cache would only waste memory.
sharp.cache(false);
// Images are decoded in parallel, so each gets one thread: 340 images/s against 260 with two threads each, with four
// photos at once on two cores.
sharp.concurrency(1);

// libvips reads many formats, some through libraries that no photo needs: loaders not named here are blocked.
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif', 'Svg'];
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}Buffer`) });

/**
 * Reads as Pillow does: embedded profiles do not change the pixels. The pixel limit is checked against the header, with our
 * own message.
 */
const READ: SharpOptions = { ignoreIcc: true, limitInputPixels: false };

/**
 * Opens the first frame of an image file, as stored.
 *
 * 'truncated' is Pillow's rule: a file that ends early is an error, a damaged one that decodes to the end is not.
 * sharp's 'warning' refuses JPEGs with a few stray bytes, and its 'error' refuses PNGs with a wrong checksum.
 */
export function openFile(bytes: Uint8Array, failOn: FailOn): Sharp {
  return sharp(bytes, { ...READ, autoOrient: false, failOn });
}

/** Opens pixels in memory as an image. */
export function openRaster({ data, width, height }: Raster): Sharp {
  return sharp(data, { ...READ, raw: { width, height, channels: 3 } });
}

/** Reads the pixels of an image in sRGB, without alpha. @throws ImageRefusal unsupported_format */
export async function readRgb(image: Sharp): Promise<Raster> {
  const { data, info } = await readSamples(image.toColourspace('srgb').removeAlpha());
  if (info.channels !== 3) {
    throw new ImageRefusal('unsupported_format', `decodes to ${info.channels} channels; expected 3`);
  }
  return { data, width: info.width, height: info.height };
}

/** Reads the pixels of an image unconverted: HWC. */
export function readSamples(image: Sharp, depth: 'uchar' | 'ushort' = 'uchar') {
  return image.raw({ depth }).toBuffer({ resolveWithObject: true });
}

/**
 * Copies bytes into memory of their own, which can be transferred to another thread. Node copies memory allocated by libvips twice
 * (48 ms for 36 MB instead of 8), or refuses to from version 26 on; it also refuses parts of a shared buffer.
 */
export const transferable = (data: Uint8Array): Uint8Array => new Uint8Array(data);

/** Returns the versions of the libraries that decode images. */
export function libraryVersions(): { readonly sharp: string; readonly libvips: string } {
  return { sharp: sharp.versions.sharp ?? '?', libvips: sharp.versions.vips };
}
