import { BYTE, TiffFields } from './codecs/tiff-fields.js';
import { TAG } from './codecs/tiff-tags.js';
import type { Orientation } from './upright.js';

/** The orientation metadata of an image. */
export interface OrientationSources {
  readonly exif?: number | undefined; // as returned by {@link exifOrientation}
  readonly xmp?: Uint8Array | undefined;
}

/**
 * Returns the orientation that Pillow's `ImageOps.exif_transpose` applies: that of EXIF, or of XMP if EXIF has none. Values
 * outside 1 to 8 do not turn the image.
 *
 * https://github.com/python-pillow/Pillow/blob/main/src/PIL/Image.py, `Image.getexif`
 */
export function orientationOf({ exif, xmp }: OrientationSources): Orientation {
  const value = exif ?? (xmp && xmpOrientation(xmp)) ?? 1;
  return Number.isInteger(value) && value >= 1 && value <= 8 ? (value as Orientation) : 1;
}

const PREFIX = 'Exif\0\0';
const NUMBERLESS = 0; // not an orientation

/**
 * Reads the orientation of an EXIF block, which may not be a valid one; undefined if it has none. A BYTE is not a number to
 * Pillow.
 *
 * @param exif with or without a leading `Exif\0\0`; or a TIFF, which stores it the same way
 */
export function exifOrientation(exif: Uint8Array): number | undefined {
  let block = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength);
  while (block.toString('latin1', 0, PREFIX.length) === PREFIX) block = block.subarray(PREFIX.length);
  const mark = block.toString('latin1', 0, 2);
  if (mark !== 'II' && mark !== 'MM') return undefined;
  const fields = new TiffFields(block);
  const shape = fields.shape(TAG.orientation);
  if (shape === undefined) return undefined;
  return shape.type === BYTE ? NUMBERLESS : (fields.numberAt(TAG.orientation) ?? NUMBERLESS);
}

const XMP_ORIENTATION = /tiff:Orientation(?:="|>)([0-9])/;

function xmpOrientation(xmp: Uint8Array): number | undefined {
  const [, digit] = XMP_ORIENTATION.exec(Buffer.from(xmp).toString('latin1')) ?? [];
  return digit === undefined ? undefined : Number(digit);
}
