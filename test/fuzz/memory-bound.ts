/** What the command line takes by default. */
const MAX_PIXELS = 268_402_689;

/** Bytes of memory for each pixel of the hungriest image: an AVIF, of which libheif holds several copies. */
export const MOST_BYTES = 20;

/**
 * What a run may take, given what one over small images took: as much more as images of the most pixels do.
 *
 * @param perPixel bytes
 * @param atOnce images of that size that are decoded side by side
 */
export function memoryBound(small: number, perPixel = MOST_BYTES, atOnce = 1): number {
  return small + atOnce * perPixel * MAX_PIXELS;
}
