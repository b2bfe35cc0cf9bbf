import { BYTE, TiffFields } from './codecs/tiff-fields.js';
import { TAG } from './codecs/tiff-tags.js';
import type { Orientation } from './upright.js';

/** What an image says of how it lies. */
export interface OrientationSources {
  readonly exif?: number | undefined; // what its EXIF says, as {@link exifOrientation} reads it
  readonly xmp?: Uint8Array | undefined;
}

/**
 * How Pillow's `ImageOps.exif_transpose` turns an image: by its EXIF, by its XMP where EXIF says nothing, and not at all by a
 * value that is none of 1 to 8.
 *
 * https://github.com/python-pillow/Pillow/blob/main/src/PIL/Image.py, `Image.getexif`
 */
export function orientationOf({ exif, xmp }: OrientationSources): Orientation {
  const value = exif ?? (xmp && xmpOrientation(xmp)) ?? 1;
  return Number.isInteger(value) && value >= 1 && value <= 8 ? (value as Orientation) : 1;
}

const PREFIX = 'Exif\0\0';
const NUMBERLESS = 0; // no orientation

/**
 * The orientation that an EXIF block gives, which may be none that there is; undefined where it gives none. As a BYTE it
 * is no number to Pillow.
 *
 * @param exif with or without `Exif\0\0` before it; or a TIFF, which says it in the same way
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
