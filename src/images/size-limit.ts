import { ImageRefusal } from '../refusal.js';
import type { Size } from './geometry.js';

/** @throws ImageRefusal too_large */
export function refuseSize({ width, height }: Size, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new ImageRefusal(
    'too_large',
    `${width} x ${height} = ${width * height} pixels, more than the limit of ${maxPixels}`,
  );
}
