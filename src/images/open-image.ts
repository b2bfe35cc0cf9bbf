import { avif } from './codecs/avif.js';
import { gif } from './codecs/gif.js';
import { jpeg } from './codecs/jpeg.js';
import { png } from './codecs/png.js';
import { tiff } from './codecs/tiff.js';
import type { Codec, Image, OpenSettings } from './image.js';
import { openWithLibvips } from './libvips-image.js';
import { sniffFormat } from './sniff.js';

/** What opens images, by the name that their first bytes give them; libvips opens the others, SVG among them. */
const CODECS: Readonly<Record<string, Codec>> = {
  AVIF: avif,
  GIF: gif,
  JPEG: jpeg,
  PNG: png,
  TIFF: tiff,
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
