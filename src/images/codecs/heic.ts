import { refuseMissing } from '../../optional-package.js';
import { ImageRefusal } from '../../refusal.js';
import type { Codec } from '../image.js';
import { runInThread } from '../kernels/pixel-threads.js';
import { refuseSize } from '../size-limit.js';
import { primaryImage } from './heif.js';
import { HEIC_DECODE } from './optional-packages.js';

/**
 * HEIC, decoded and turned upright by libheif, alpha dropped. The orientation is that of the image's properties, which decoders
 * always apply, not that of its EXIF data.
 *
 * @throws ImageRefusal unsupported_format if the optional package is not installed; decode_failed or too_large
 */
export const heic: Codec = async (bytes, { maxPixels }) => {
  refuseMissing(HEIC_DECODE);
  const size = primaryImage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))?.shown;
  if (size === undefined || !(size.width > 0 && size.height > 0)) {
    throw new ImageRefusal('decode_failed', 'the header of this HEIC file is damaged');
  }
  refuseSize(size, maxPixels);
  const { width, height } = size;
  return {
    header: { width, height, format: 'HEIC', streamed: false },
    read: async (region, signal) => {
      const data = new Uint8Array(bytes); // a copy, to be transferred
      const rgb = await runInThread('heic', { data, size, region }, { transfer: [data], own: true, signal });
      return { data: rgb, width: region.width, height: region.height };
    },
  };
};
