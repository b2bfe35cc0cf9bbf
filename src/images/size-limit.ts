import { ImageRefusal } from '../refusal.js';
import type { Size } from './geometry.js';

/**
 * @param shown the size of the upright image, if it differs
 * @throws ImageRefusal too_large
 */
export function refuseSize(
  { width, height }: Size,
  maxPixels: number,
  shown: Size = { width, height },
): void {
  if (width * height <= maxPixels) return;
  throw new ImageRefusal(
    'too_large',
    `${width} x ${height} = ${width * height} pixels, more than the limit of ${maxPixels}`,
    { width: shown.width, height: shown.height },
  );
}
