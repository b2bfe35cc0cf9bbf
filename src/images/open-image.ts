import { avif } from './codecs/avif.js';
import { bmp, dib } from './codecs/bmp.js';
import { gif } from './codecs/gif.js';
import { heic } from './codecs/heic.js';
import { cur, ico } from './codecs/ico.js';
import { jpeg } from './codecs/jpeg.js';
import { jpeg2000 } from './codecs/jpeg2000.js';
import { png } from './codecs/png.js';
import { pnm } from './codecs/pnm.js';
import { qoi } from './codecs/qoi.js';
import { tga } from './codecs/tga.js';
import { tiff } from './codecs/tiff.js';
import type { Codec, Image, OpenSettings } from './image.js';
import { openWithLibvips } from './libvips-image.js';
import { sniffFormat } from './sniff.js';

/** The codecs by the format name that `sniffFormat` returns; libvips opens all other formats, including SVG. */
const CODECS: Readonly<Record<string, Codec>> = {
  AVIF: avif,
  GIF: gif,
  JPEG: jpeg,
  PNG: png,
  TIFF: tiff,
  BMP: bmp,
  DIB: dib,
  ICO: ico,
  CUR: cur,
  PNM: pnm,
  QOI: qoi,
  TGA: tga,
  'JPEG 2000': jpeg2000,
  HEIC: heic,
};

/**
 * Opens an image of any supported format, recognised by its first bytes. Reads only its header.
 *
 * @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large
 */
export function openImage(bytes: Uint8Array, settings: OpenSettings): Promise<Image> {
  const codec = CODECS[sniffFormat(bytes)?.name ?? ''] ?? openWithLibvips;
  return codec(bytes, settings);
}
