import type { ImageFailure } from '../../src/errors.js';
import {
  emptyChunksPng,
  emptySegmentsJpeg,
  fillBytesJpeg,
  repeatedTagTiff,
  selfLeadingBigTiff,
  unknownTagsTiff,
} from '../images/endless.js';
import { endlessSvg } from '../images/hostile.js';
import type { Seed } from './seeds.js';

/** A file that would keep a decoder busy, by its structure or by what it draws. */
export interface EndlessFile {
  readonly name: string; // with its extension
  readonly bytes: Buffer;
  readonly codes: readonly (ImageFailure['code'] | 'ok')[]; // possible results, depending on the machine's speed
}

/** @param jpeg an image to insert segments into */
export function endlessFiles({ bytes: jpeg }: Seed): readonly EndlessFile[] {
  return [
    { name: 'leads-to-itself.tif', codes: ['decode_failed'], bytes: selfLeadingBigTiff(400_000) },
    { name: 'repeats-a-tag.tif', codes: ['decode_failed'], bytes: repeatedTagTiff(300, 1_000_000) },
    {
      name: 'tags.tif',
      codes: ['decode_failed', 'ok', 'timeout'],
      bytes: unknownTagsTiff(60_000, { next: 8 }),
    },
    { name: 'large-tags.tif', codes: ['timeout', 'ok'], bytes: unknownTagsTiff(4000, { bytes: 8_000_000 }) },
    { name: 'fill-bytes.jpg', codes: ['decode_failed'], bytes: fillBytesJpeg(100_000_000) },
    {
      name: 'segments.jpg',
      codes: ['too_large', 'timeout', 'ok'],
      bytes: emptySegmentsJpeg(jpeg, 25_000_000, 'first'),
    },
    { name: 'chunks.png', codes: ['ok', 'timeout'], bytes: emptyChunksPng(8_000_000) },
    { name: 'late.svg', codes: ['timeout'], bytes: Buffer.from(`<!--${'x'.repeat(2000)}-->${endlessSvg()}`) },
  ];
}
