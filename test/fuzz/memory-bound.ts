/** The command line's default. */
const MAX_PIXELS = 268_402_689;

/** Bytes of memory per pixel of the most demanding image: an AVIF, of which libheif holds several copies. */
export const MOST_BYTES = 20;

/**
 * The memory that a run may take: that of a run on small images, plus that of images with the most pixels allowed.
 *
 * @param perPixel bytes
 * @param atOnce images of that size decoded in parallel
 */
export function memoryBound(small: number, perPixel = MOST_BYTES, atOnce = 1): number {
  return small + atOnce * perPixel * MAX_PIXELS;
}
