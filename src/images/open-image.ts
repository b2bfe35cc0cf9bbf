import type { Codec, Image, OpenSettings } from './image.js';
import { openWithLibvips } from './libvips-image.js';
import { sniffFormat } from './sniff.js';

/** libvips does not count it as an early end when a TIFF lacks pixels, and makes them black. Pillow does. */
const tiff: Codec = (bytes, settings) =>
  openWithLibvips(bytes, settings, {
    failOn: settings.failOn === 'truncated' ? 'error' : settings.failOn,
  });

/** What opens images, by the name that their first bytes give them; libvips opens the others. */
const CODECS: Readonly<Record<string, Codec>> = { TIFF: tiff };

/**
 * Opens an image of any format that is read: its header, by its first bytes.
 *
 * @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large
 */
export function openImage(bytes: Uint8Array, settings: OpenSettings): Promise<Image> {
  const codec = CODECS[sniffFormat(bytes)?.name ?? ''] ?? openWithLibvips;
  return codec(bytes, settings);
}
