import type { ResizePlan } from './geometry.js';
import type { Image } from './image.js';
import { inThread } from './kernels/pixel-threads.js';
import { transferable } from './libvips.js';
import { regionOf } from './region.js';

/**
 * The pixels that a plan keeps of an image, by Pillow's arithmetic to the last bit. Only what they are made of is decoded.
 *
 * @param signal stops a computation that has begun
 * @returns HWC RGB, 0..255: [vertical.count, horizontal.count, 3]
 * @throws as `Image.read`
 */
export async function exactPixels(
  image: Image,
  { horizontal, vertical, interpolation }: ResizePlan,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const region = await image.read(regionOf({ horizontal, vertical, interpolation }), signal);
  const source = { ...region, data: transferable(region.data) };
  const transfer = [source.data];
  return inThread('resample', { source, horizontal, vertical, interpolation }, { transfer, signal });
}
