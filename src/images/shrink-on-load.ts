import type { ResizePlan } from './geometry.js';
import type { ImageStream } from './image.js';

/**
 * How much of a reduction is left to the decoder, which then computes fewer pixels:
 * - `none`: the image is decoded in full;
 * - `half`: a JPEG to a half, quarter or eighth, so that the resize still has a factor of two or more to do;
 * - `all`: a JPEG to the smallest of these that is larger than the result, a WebP to the size of the result.
 */
export type ShrinkOnLoad = 'none' | 'half' | 'all';

const FAST_FROM = 2; // source pixels to one: smaller reductions are the same in both modes

/**
 * What to leave to the decoder of an image.
 *
 * A JPEG that is decoded to a quarter and resized is nearer to Pillow's than one that libvips reduces alone (0.2 to 0.3
 * of 255 on average against 0.4 to 0.6), as long as the quarters come out even: libvips drops what is left over, up to 7
 * pixels on the right and below, and then stretches the rest over the whole, which is 2 of 255. `near` decodes these
 * in full. `fast` leaves all to the decoder that comes out even, and half where it does not.
 */
export function shrinkOnLoad(
  format: ImageStream['format'],
  { horizontal, vertical }: ResizePlan,
  decode: 'near' | 'fast',
): ShrinkOnLoad {
  const reduction = Math.min(horizontal.source / horizontal.resized, vertical.source / vertical.resized);
  const even = (factor: number) =>
    format !== 'JPEG' || (horizontal.source % factor === 0 && vertical.source % factor === 0);
  if (decode === 'fast' && reduction >= FAST_FROM) return even(factorUpTo(reduction)) ? 'all' : 'half';
  return even(factorUpTo(reduction / 2)) ? 'half' : 'none';
}

/** The largest of libjpeg's factors that sharp chooses from. */
function factorUpTo(reduction: number): number {
  return [8, 4, 2].find((factor) => factor <= reduction) ?? 1;
}
