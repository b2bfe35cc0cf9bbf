import type { Codec } from '../image.js';
import { openWithLibvips } from '../libvips-image.js';
import { orientationOf } from '../orientation.js';
import { pngOrientation } from './png-metadata.js';

/** A PNG; libvips reads only part of its metadata. @throws as every `Codec` */
export const png: Codec = (bytes, settings) =>
  openWithLibvips(bytes, settings, {
    orientation: () => (settings.autoOrient ? orientationOf(pngOrientation(bytes)) : 1),
  });
