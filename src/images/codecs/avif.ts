import { type Codec, type Header, wholeOf } from '../image.js';
import { openRaster, readRgb } from '../libvips.js';
import { openWithLibvips } from '../libvips-image.js';
import { type OrientationSources, orientationOf } from '../orientation.js';
import type { Raster, Region } from '../raster.js';
import { type Orientation, turnedSize, turnUpright } from '../upright.js';
import { avifPixels } from './avif-pixels.js';
import { asStillAvif } from './avif-still.js';
import { heic } from './heic.js';
import { type HeifImage, primaryImage } from './heif.js';

/**
 * Opens the still image of an AVIF; in an AVIF sequence, this is the first frame.
 *
 * @throws as every `Codec`
 */
export const avif: Codec = async (bytes, settings) => {
  const file = asStillAvif(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const primary = primaryImage(file);
  if (primary === undefined) return openWithLibvips(file, settings); // reports the error
  if (primary.codec === 'hvc1') return heic(bytes, settings);
  let orientation: Orientation = 1;
  const image = await openWithLibvips(file, settings, {
    orientation: (told) => {
      if (settings.autoOrient) orientation = orientationOfAvif(primary, told);
      return UNTURNED[turned(primary)];
    },
    shown: (size) => turnedSize(size, orientation),
    toRgb: (stored) => avifPixels(stored, primary),
  });
  const header: Header = { ...image.header, ...turnedSize(image.header, orientation) };
  const read = async (region: Region): Promise<Raster> => {
    const upright = turnUpright(openRaster(await image.read(wholeOf(image.header))), orientation);
    return readRgb(openRaster(await readRgb(upright)).extract(region));
  };
  return { header, read };
};

const UNTURNED = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6 } as const;

// EXIF orientations. Rows: anti-clockwise quarter turns. Columns: then not mirrored, mirrored upside down, or left to right.
const TURNS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
] as const;

/** Returns the orientation that libheif has already applied. */
function turned({ turns = 0, mirror }: HeifImage): Orientation {
  return TURNS[turns]?.[mirror === undefined ? 0 : mirror === 0 ? 1 : 2] ?? 1;
}

/**
 * Returns the orientation that Pillow applies to an AVIF: that of its boxes, which override EXIF; XMP counts if there is neither.
 * https://github.com/python-pillow/Pillow/blob/main/src/PIL/AvifImagePlugin.py
 */
function orientationOfAvif(primary: HeifImage, { exif, xmp }: OrientationSources): Orientation {
  const orientation = turned(primary);
  return orientation === 1 && exif === undefined ? orientationOf({ xmp }) : orientation;
}
