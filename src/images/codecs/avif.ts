import type { Sharp } from 'sharp';
import type { Codec } from '../image.js';
import { inThread } from '../kernels/pixel-threads.js';
import { readSamples } from '../libvips.js';
import { openWithLibvips } from '../libvips-image.js';
import { type OrientationSources, orientationOf } from '../orientation.js';
import type { Raster } from '../raster.js';
import { HEIC } from '../sniff.js';
import { unsupported } from '../unreadable.js';
import type { Orientation } from '../upright.js';
import { asStillAvif } from './avif-still.js';
import { type HeifImage, primaryImage } from './heif.js';

/**
 * The still image of an AVIF, or of an AVIF sequence, whose first frame it is.
 *
 * @throws as every `Codec`
 */
export const avif: Codec = async (bytes, settings) => {
  const file = asStillAvif(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const primary = primaryImage(file);
  if (primary === undefined) return openWithLibvips(file, settings); // which says why
  if (primary.codec === 'hvc1') throw unsupported(HEIC);
  return openWithLibvips(file, settings, {
    orientation: settings.autoOrient ? (told) => leftToTurn(primary, told) : () => UNTURNED[turned(primary)],
    toRgb: primary.premultiplied ? unpremultiply : undefined,
  });
};

const UNTURNED = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6 } as const;

// EXIF's orientations, by anti-clockwise quarter turns: not mirrored, mirrored afterwards upside down, left to right.
const TURNS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
] as const;

/** How libheif has turned an image. */
function turned({ turns = 0, mirror }: HeifImage): Orientation {
  return TURNS[turns]?.[mirror === undefined ? 0 : mirror === 0 ? 1 : 2] ?? 1;
}

/**
 * What Pillow turns an AVIF by beyond that: its boxes count, and not its EXIF, but XMP does where there is neither.
 * https://github.com/python-pillow/Pillow/blob/main/src/PIL/AvifImagePlugin.py
 */
function leftToTurn(primary: HeifImage, { exif, xmp }: OrientationSources): Orientation {
  return turned(primary) === 1 && exif === undefined ? orientationOf({ xmp }) : 1;
}

async function unpremultiply(image: Sharp): Promise<Raster> {
  const { data, info } = await readSamples(image.toColourspace('srgb').ensureAlpha());
  const rgb = await inThread('unpremultiply', { data }, { transfer: [data] });
  return { width: info.width, height: info.height, data: rgb };
}
