import type { ImageFailure } from '../errors.js';
import { type Preprocessing, planResize, type ResizePlan } from './geometry.js';
import { readHeader } from './header.js';
import { readPixels } from './pixels.js';
import { readImageFile } from './read-file.js';
import { ImageRefusal } from './refusal.js';

export type DecodedImage =
  | { readonly status: 'ok'; readonly pixels: Uint8Array } // HWC RGB, 0..255: [height, width, 3]
  | { readonly status: 'failed'; readonly failure: ImageFailure };

/**
 * Reads an image file as timm's evaluation transform does: Pillow's `convert('RGB')` (no colour management, alpha
 * dropped), then the resize and crop of `planResize`. The first frame of an animation, the first page of a TIFF.
 *
 * A bad image is a failure, never an exception: a truncated file fails as it does in Pillow, one with damage that
 * decodes to the end does not.
 */
export async function decodeImage(path: string, preprocessing: Preprocessing): Promise<DecodedImage> {
  try {
    const bytes = await readImageFile(path, preprocessing.maxPixels);
    const header = await readHeader(bytes, preprocessing);
    const plan = planResize(header, preprocessing);
    const kept = await readPixels(bytes, header, plan, preprocessing.decode);
    return { status: 'ok', pixels: pad(kept, plan, preprocessing) };
  } catch (error) {
    if (error instanceof ImageRefusal) return { status: 'failed', failure: error.failure };
    // Whatever else a decoder throws is about this image: its row says so, and the run goes on.
    const [reason = ''] = String(error).split('\n');
    return { status: 'failed', failure: { code: 'decode_failed', message: `cannot be decoded (${reason})` } };
  }
}

/** Stands the kept pixels in an output of `height` x `width`, on the plan's fill. */
function pad(
  kept: Uint8Array,
  { horizontal, vertical, fill }: ResizePlan,
  { height, width }: Preprocessing,
): Uint8Array {
  if (horizontal.count === width && vertical.count === height) return kept;
  const output = Buffer.alloc(height * width * 3, Uint8Array.from(fill)); // the fill, over and over
  const row = horizontal.count * 3;
  for (let y = 0; y < vertical.count; y++) {
    output.set(kept.subarray(y * row, (y + 1) * row), ((vertical.at + y) * width + horizontal.at) * 3);
  }
  return output;
}
