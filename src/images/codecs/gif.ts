import { ImageRefusal } from '../../refusal.js';
import type { Codec, Header, Image } from '../image.js';
import { runInThread } from '../kernels/pixel-threads.js';
import { transferable } from '../libvips.js';
import { openWithLibvips } from '../libvips-image.js';
import type { Raster, Region } from '../raster.js';
import { refuseSize } from '../size-limit.js';
import { firstGifFrame, type GifFrame } from './gif-frame.js';

/**
 * Opens the first frame of a GIF, in the colours that Pillow gives it; libvips would turn transparent pixels black.
 *
 * @throws as every `Codec`
 */
export const gif: Codec = async (bytes, settings) => {
  const frame = firstGifFrame(bytes);
  if (frame === undefined) return openWithLibvips(bytes, settings); // reports the error
  const { canvas } = frame;
  if (frame.width === 0 || frame.height === 0)
    throw new ImageRefusal('decode_failed', 'the first frame of this GIF has no pixels');
  refuseSize(canvas, settings.maxPixels);
  if (settings.failOn !== 'none') await refuseMissingPixels(frame);
  const image = await openWithLibvips(frame.file, settings);
  if (canvas.width === frame.width && canvas.height === frame.height) return image;
  const header: Header = { ...canvas, format: 'GIF', streamed: false };
  return { header, read: (region) => readCanvas(image, frame, region) };
};

/** Refuses a frame with missing pixels: libvips leaves them black, Pillow treats the file as truncated. */
async function refuseMissingPixels({ canvas, compressed, ...frame }: GifFrame): Promise<void> {
  const { literalBits } = compressed;
  const data = transferable(compressed.data);
  if (literalBits < 1 || literalBits > 11) return; // the decoder refuses it
  const [count = 0] = await runInThread('countLzwPixels', { data, literalBits }, { transfer: [data] });
  if (count >= 0 && count < frame.width * frame.height) {
    const { width, height } = canvas;
    throw new ImageRefusal('truncated', 'the first frame of this GIF ends early', { width, height });
  }
}

/** Reads a part of the canvas, and draws the frame on it. */
async function readCanvas(image: Image, frame: GifFrame, region: Region): Promise<Raster> {
  const { width, height } = region;
  const data = Buffer.alloc(width * height * 3, Uint8Array.from(frame.background)); // repeats the colour
  const left = Math.max(frame.left, region.left);
  const top = Math.max(frame.top, region.top);
  const covered = {
    left: left - frame.left,
    top: top - frame.top,
    width: Math.min(frame.left + frame.width, region.left + width) - left,
    height: Math.min(frame.top + frame.height, region.top + height) - top,
  };
  // Read even outside the frame: a damaged frame fails the image.
  if (covered.width <= 0 || covered.height <= 0) await image.read({ left: 0, top: 0, width: 1, height: 1 });
  else copyRows(await image.read(covered), { data, width }, left - region.left, top - region.top);
  return { width, height, data };
}

function copyRows(from: Raster, to: Pick<Raster, 'data' | 'width'>, left: number, top: number): void {
  for (let y = 0; y < from.height; y++) {
    const row = from.data.subarray(3 * y * from.width, 3 * (y + 1) * from.width);
    to.data.set(row, 3 * ((top + y) * to.width + left));
  }
}
