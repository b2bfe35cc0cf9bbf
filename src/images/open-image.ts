import { openBmp, openDib } from './codecs/bmp.js';
import { openHeic } from './codecs/heic.js';
import { openCur, openIco } from './codecs/ico.js';
import { openJpeg2000 } from './codecs/jpeg2000.js';
import { openPnm } from './codecs/pnm.js';
import { openQoi } from './codecs/qoi.js';
import { openTga } from './codecs/tga.js';
import type { Codec, Image, OpenSettings } from './image.js';
import { openWithLibvips } from './libvips-image.js';
import { sniffFormat } from './sniff.js';

const svg: Codec = (bytes, settings) => openWithLibvips(bytes, settings, { background: '#fff' }); // as in a browser

/** libvips does not count it as an early end when a TIFF lacks pixels, and makes them black. Pillow does. */
const tiff: Codec = (bytes, settings) =>
  openWithLibvips(bytes, settings, {
    failOn: settings.failOn === 'truncated' ? 'error' : settings.failOn,
  });

/** What opens images, by the name that their first bytes give them; libvips opens the others. */
const CODECS: Readonly<Record<string, Codec>> = {
  SVG: svg,
  TIFF: tiff,
  BMP: openBmp,
  DIB: openDib,
  ICO: openIco,
  CUR: openCur,
  PNM: openPnm,
  QOI: openQoi,
  TGA: openTga,
  'JPEG 2000': openJpeg2000,
  HEIC: openHeic,
};

/**
 * Opens an image of any format that is read: its header, by its first bytes.
 *
 * @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large
 */
export function openImage(bytes: Uint8Array, settings: OpenSettings): Promise<Image> {
  const codec = CODECS[sniffFormat(bytes)?.name ?? ''] ?? openWithLibvips;
  return codec(bytes, settings);
}
