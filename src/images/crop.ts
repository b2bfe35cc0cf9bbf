import type { Crop } from '../crop.js';
import { ImageRefusal } from '../refusal.js';
import { roundHalfEven } from '../rounding.js';
import type { Size } from './geometry.js';
import type { Image } from './image.js';
import type { Region } from './raster.js';

/**
 * Returns a part of an upright image as an image of its own: what is outside does not matter to any resize. Its edges are rounded as
 * Pillow's `Image.crop` rounds them, half to even; what lies beyond the image is left out.
 *
 * @throws ImageRefusal invalid_crop if nothing is left
 */
export function croppedImage({ header, read }: Image, crop: Crop): Image {
  const { left, top, width, height } = regionIn(header, crop);
  return {
    header: { ...header, width, height },
    read: (region, signal) => read({ ...region, left: region.left + left, top: region.top + top }, signal), // no stream: it has all of the image
  };
}

function regionIn({ width, height }: Size, { unit, box }: Crop): Region {
  const [x, y, across, down] = box;
  if (unit === 'pixel' && isFraction(box))
    throw new ImageRefusal(
      'invalid_crop',
      `the box ${box.join(',')} is smaller than a pixel; boxes in 0..1 need --crop-units fraction`,
    );
  const [left, right] = span(x, across, width, unit);
  const [top, bottom] = span(y, down, height, unit);
  if (left < right && top < bottom) return { left, top, width: right - left, height: bottom - top };
  const what = `the box ${box.join(',')}${unit === 'percent' ? ' in percent' : ''}`;
  const where =
    across > 0 && down > 0 ? `has no pixel of the image, which has ${width} x ${height}` : 'is empty';
  throw new ImageRefusal('invalid_crop', `${what} ${where}`);
}

/** Returns whether a box in pixels can only be meant as one in 0..1. */
const isFraction = ([x, y, across, down]: Crop['box']): boolean =>
  [x, y, across, down].every((value) => value >= 0 && value <= 1) &&
  across > 0 &&
  down > 0 &&
  (across < 1 || down < 1);

/** Returns where a side of a box begins and ends, within an image that has `size` pixels there. */
function span(start: number, length: number, size: number, unit: Crop['unit']): readonly [number, number] {
  const scale = unit === 'percent' ? size / 100 : 1;
  const within = (edge: number) => Math.min(size, Math.max(0, roundHalfEven(edge * scale)));
  return [within(start), within(start + length)];
}
