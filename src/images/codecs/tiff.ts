import type { Codec } from '../image.js';
import { openWithLibvips } from '../libvips-image.js';
import { exifOrientation, orientationOf } from '../orientation.js';
import { TiffFields } from './tiff-fields.js';
import { tiffLayout } from './tiff-layout.js';
import { TAG } from './tiff-tags.js';
import { openTiles } from './tiff-tiles.js';

/**
 * The first image of a TIFF. Like Pillow (TiffImagePlugin.py, `load_end`), it is always turned upright.
 *
 * @throws as every `Codec`
 */
export const tiff: Codec = async (given, { failOn, ...others }) => {
  // libvips makes missing pixels of a TIFF black without treating the file as truncated; to Pillow it is.
  const settings = { ...others, failOn: failOn === 'truncated' ? 'error' : failOn } as const;
  const bytes = withoutTraps(given);
  const fields = new TiffFields(bytes);
  const layout = tiffLayout(fields);
  const orientation = orientationOf({ exif: exifOrientation(bytes), xmp: fields.bytesOf(TAG.xmp) });
  if (layout?.tile !== undefined) return openTiles(bytes, fields, layout, { settings, orientation });
  return openWithLibvips(bytes, settings, { orientation: () => orientation });
};

const CMYK = 5;
const [UNSPECIFIED, ASSOCIATED_ALPHA] = [0, 1];

/** Replaces field values that libtiff or libvips mishandle with what Pillow makes of them. */
function withoutTraps(bytes: Uint8Array): Uint8Array {
  const fields = new TiffFields(bytes);
  const orientation = fields.numberAt(TAG.orientation) ?? 1;
  // libtiff reports this as an error of the file.
  const isTurnedNowhere = orientation < 1 || orientation > 8;
  // libvips divides inks by alpha, and 16-bit ones by a further 255.
  const hasAlpha =
    fields.numberAt(TAG.photometric) === CMYK && fields.numberAt(TAG.extraSamples) === ASSOCIATED_ALPHA;
  if (!isTurnedNowhere && !hasAlpha) return bytes;
  const copy = Uint8Array.from(bytes);
  const set = (tag: number, value: number) => {
    const field = fields.bytesOf(tag);
    const at = field.byteOffset - bytes.byteOffset;
    const size = field.byteLength / (fields.shape(tag)?.count ?? 1);
    copy.fill(0, at, at + size);
    copy[fields.littleEndian ? at : at + size - 1] = value;
  };
  if (isTurnedNowhere) set(TAG.orientation, 1);
  if (hasAlpha) set(TAG.extraSamples, UNSPECIFIED);
  return copy;
}
