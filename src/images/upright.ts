import type { Sharp } from 'sharp';
import type { Size } from './geometry.js';
import type { Region } from './raster.js';

/** EXIF orientation: 1 is upright, 5 to 8 lie sideways. https://www.cipa.jp/std/documents/e/DC-008-Translation-2019-E.pdf */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The operations that turn an image upright: mirror first, then turn clockwise. */
const TURNS: Readonly<Record<Orientation, { flip?: true; flop?: true; angle?: 90 | 180 | 270 }>> = {
  1: {},
  2: { flop: true },
  3: { angle: 180 },
  4: { flip: true },
  5: { flip: true, angle: 90 },
  6: { angle: 90 },
  7: { flop: true, angle: 90 },
  8: { angle: 270 },
};

/** Returns whether columns become rows. */
export const isSideways = (orientation: Orientation) => orientation >= 5;

/** Converts a stored size to an upright one, or back. */
export function turnedSize({ width, height }: Size, orientation: Orientation): Size {
  return isSideways(orientation) ? { width: height, height: width } : { width, height };
}

/** Turns a stored image upright. */
export function turnUpright(image: Sharp, orientation: Orientation): Sharp {
  const { flip, flop, angle } = TURNS[orientation];
  if (flip) image.flip();
  if (flop) image.flop();
  if (angle !== undefined) image.rotate(angle);
  return image;
}

/**
 * Returns where a part of an upright image lies in the stored image.
 * @param size of the upright image
 */
export function storedRegion(region: Region, size: Size, orientation: Orientation): Region {
  const { flip, flop, angle = 0 } = TURNS[orientation];
  const right = size.width - region.left - region.width;
  const below = size.height - region.top - region.height;
  const turned =
    angle === 90
      ? { left: region.top, top: right }
      : angle === 180
        ? { left: right, top: below }
        : angle === 270
          ? { left: below, top: region.left }
          : { left: region.left, top: region.top };
  const { width, height } = turnedSize(region, orientation);
  const stored = turnedSize(size, orientation);
  return {
    left: flop ? stored.width - turned.left - width : turned.left,
    top: flip ? stored.height - turned.top - height : turned.top,
    width,
    height,
  };
}
