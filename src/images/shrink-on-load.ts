import type { ResizePlan } from './geometry.js';
import type { ImageStream } from './image.js';

/**
 * How much of a reduction is left to the decoder, which then computes fewer pixels:
 * - `none`: the image is decoded in full;
 * - `half`: a JPEG to a half, quarter or eighth, such that the resize still reduces by a factor of two or more;
 * - `all`: a JPEG to the smallest of these sizes that is larger than the result, a WebP to the size of the result.
 */
export type ShrinkOnLoad = 'none' | 'half' | 'all';

const FAST_FROM = 2; // source pixels per pixel: smaller reductions are the same in both modes

/**
 * Chooses how much of a reduction to leave to the decoder.
 *
 * A JPEG decoded to a quarter and then resized is closer to Pillow's result than one that libvips reduces alone (0.2 to 0.3
 * of 255 on average against 0.4 to 0.6), provided that the size divides evenly. Otherwise libvips drops the remainder, up to 7
 * pixels on the right and at the bottom, and stretches the rest over the whole: a difference of 2 of 255. `near` decodes such
 * images in full. `fast` uses `all` where the size divides evenly and `half` where it does not.
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

/** Returns the largest factor up to a reduction, among those of libjpeg that sharp uses. */
function factorUpTo(reduction: number): number {
  return [8, 4, 2].find((factor) => factor <= reduction) ?? 1;
}
