import { ImageRefusal } from '../refusal.js';
import { rethrowShortage } from '../shortage.js';
import type { ResizePlan } from './geometry.js';
import type { Image } from './image.js';
import { runInThread } from './kernels/pixel-threads.js';
import { transferable } from './libvips.js';
import { pixelRoom } from './pixel-room.js';
import { regionOf } from './region.js';

/**
 * Computes the pixels that a plan keeps of an image, bit for bit as Pillow does. Decodes only the part they depend on.
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
  const copies = 2; // the decoded one, and the one given to the thread
  return pixelRoom.hold(copies * 3 * region.width * region.height, async () => {
    const decoded = await image.read(region, signal);
    const source = { ...decoded, data: transferable(decoded.data) };
    const input = { source, horizontal, vertical, interpolation };
    return runInThread('resample', input, { transfer: [source.data], signal }).catch(refuseResized);
  });
}

/** Reports a failed resize, without calling the image's data damaged: they are not the cause. */
function refuseResized(error: unknown): never {
  rethrowShortage(error);
  const reason = error instanceof Error ? error.message : String(error);
  throw new ImageRefusal('decode_failed', `its pixels could not be resized (${reason})`);
}
