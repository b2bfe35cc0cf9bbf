import { ImageRefusal } from '../refusal.js';
import { rethrowShortage } from '../shortage.js';
import type { ResizePlan } from './geometry.js';
import type { Image } from './image.js';
import { inThread } from './kernels/pixel-threads.js';
import { transferable } from './libvips.js';
import { pixelRoom } from './pixel-room.js';
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
  const region = regionOf({ horizontal, vertical, interpolation });
  const copies = 2; // as it is decoded, and as it is given to the thread
  return pixelRoom.hold(copies * 3 * region.width * region.height, async () => {
    const decoded = await image.read(region, signal);
    const source = { ...decoded, data: transferable(decoded.data) };
    const input = { source, horizontal, vertical, interpolation };
    return inThread('resample', input, { transfer: [source.data], signal }).catch(refuseResized);
  });
}

/** It is no fault of the image's data, and not to be called damage. */
function refuseResized(error: unknown): never {
  rethrowShortage(error);
  const reason = error instanceof Error ? error.message : String(error);
  throw new ImageRefusal('decode_failed', `its pixels could not be resized (${reason})`);
}
