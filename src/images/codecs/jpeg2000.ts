import { refuseMissing } from '../../optional-package.js';
import { ImageRefusal } from '../../refusal.js';
import type { Codec } from '../image.js';
import { runInThread } from '../kernels/pixel-threads.js';
import { refuseSize } from '../size-limit.js';
import { type Jpeg2000Header, jpeg2000Header } from './jpeg2000-header.js';
import { OPENJPEG } from './optional-packages.js';

/**
 * JPEG 2000 files and bare codestreams: grey or RGB with up to 16 bits, and palettes. Refuses images that OpenJPEG's wrapper cannot
 * return, or converts with a different formula from Pillow's Jpeg2KImagePlugin.
 * https://www.itu.int/rec/T-REC-T.800
 *
 * @throws ImageRefusal unsupported_format, also if the optional package is not installed; decode_failed or too_large
 */
export const jpeg2000: Codec = async (bytes, { maxPixels }) => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = jpeg2000Header(file);
  if (header === undefined || header.width <= 0 || header.height <= 0) {
    throw new ImageRefusal('decode_failed', 'the header of this JPEG 2000 file is damaged');
  }
  const { width, height } = header;
  refuseSize({ width, height }, maxPixels);
  const oddity = oddityOf(header);
  if (oddity !== undefined) {
    throw new ImageRefusal('unsupported_format', `JPEG 2000 ${oddity} is not supported; convert it to PNG`, {
      width,
      height,
    });
  }
  refuseMissing(OPENJPEG);
  return {
    header: { width, height, format: 'JPEG 2000', streamed: false },
    read: async (region, signal) => {
      const data = new Uint8Array(bytes); // a copy, to be transferred
      const input = { data, size: { width, height }, region };
      const rgb = await runInThread('jpeg2000', input, { transfer: [data], own: true, signal });
      return { data: rgb, width: region.width, height: region.height };
    },
  };
};

const [SRGB, GREY] = [16, 17];

/** Describes what makes an image unreadable, for messages; undefined if it can be read. */
function oddityOf({ components, first, colours }: Jpeg2000Header): string | undefined {
  if (components !== 1 && components !== 3) return `of ${components} components`;
  if (colours !== undefined && colours !== SRGB && colours !== GREY) return `in colour space ${colours}`;
  if (first.some(({ signed }) => signed)) return 'with signed samples';
  const depth = Math.max(...first.map(({ bits }) => bits));
  if (depth > 16) return `of ${depth} bits a sample`;
  const [one] = first;
  if (first.some(({ bits }) => bits !== one?.bits)) return 'with samples of different depths';
  return first.every(({ columns, rows }) => columns === 1 && rows === 1)
    ? undefined
    : 'with subsampled colours';
}
