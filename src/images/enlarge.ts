import type { Sharp } from 'sharp';
import type { Axis, Interpolation } from './geometry.js';
import { openRaster } from './libvips.js';
import type { Raster } from './raster.js';

/** The source pixels that an enlarged axis is made of, and the copies of the edge pixels that stand beyond them. */
export interface Span {
  readonly start: number;
  readonly end: number; // exclusive
  readonly before: number; // copies of the first pixel
  readonly after: number; // copies of the last pixel
}

// libvips' interpolators reach two pixels; the others keep its treatment of borders away from what is kept.
const REACH = 4;

/** What to read of an axis that grows: the neighbourhood of the resized pixels that are kept, no more. */
export function enlargedSpan({ source, resized, first, count }: Axis): Span {
  const position = (pixel: number) => ((pixel + 0.5) * source) / resized - 0.5;
  const start = Math.floor(position(first)) - REACH;
  const end = Math.ceil(position(first + count - 1)) + REACH + 1;
  return {
    start: Math.max(0, start),
    end: Math.min(source, end),
    before: Math.max(0, -start),
    after: Math.max(0, end - source),
  };
}

/** One axis of the transform: canvas = scale · pixel + offset, so that 0 is the first resized pixel kept. */
export interface Growth {
  readonly scale: number;
  readonly offset: number;
  readonly count: number; // resized pixels kept
}

/** An axis that stays as it is. */
export const unchanged = (count: number): Growth => ({ scale: 1, offset: 0, count });

/** The growth of an axis of which `span` was read. */
export function growthOf({ source, resized, first, count }: Axis, { start, before }: Span): Growth {
  const scale = resized / source;
  // Centres lie at halves: pixel p of the source covers the resized pixels around scale · p + (scale − 1) / 2.
  return { scale, offset: (scale - 1) / 2 + scale * (start - before) - first, count };
}

/**
 * Enlarges in libvips, as near to Pillow as its fixed-point interpolators come: 0.1 (bicubic) to 0.2 (bilinear) of 255
 * on average, 2 at most. `resize` would differ by 6.
 *
 * @returns a canvas whose first `vertical.count` rows and `horizontal.count` columns are the pixels kept
 */
export function enlarge(
  raster: Raster,
  horizontal: Growth,
  vertical: Growth,
  interpolation: Interpolation,
): Sharp {
  const matrix: [number, number, number, number] = [horizontal.scale, 0, 0, vertical.scale];
  return openRaster(raster).affine(matrix, {
    interpolator: interpolation,
    odx: horizontal.offset,
    ody: vertical.offset,
  });
}
