import type { Sharp } from 'sharp';
import { enlarge, enlargedSpan, type Growth, growthOf, type Span, unchanged } from './enlarge.js';
import type { Axis, Interpolation, ResizePlan } from './geometry.js';
import { type Image, type ImageStream, wholeOf } from './image.js';
import { openRaster, readRgb } from './libvips.js';
import { type ShrinkOnLoad, shrinkOnLoad } from './shrink-on-load.js';
import { isSideways, turnUpright } from './upright.js';

// sharp's names of the kernels of Pillow's bicubic and bilinear.
const REDUCERS = { bicubic: 'cubic', bilinear: 'linear' } as const;

/**
 * Computes the pixels that a plan keeps of an image, resized by libvips while it decodes. Reductions differ from Pillow's by 0.2
 * of 255 on average, enlargements by 0.1; `fast` adds to that as `shrinkOnLoad` says. The geometry is the same.
 *
 * @param signal stops our own decoders; libvips continues
 * @returns HWC RGB, 0..255: [vertical.count, horizontal.count, 3]
 * @throws as `Image.read`
 */
export async function nearPixels(
  image: Image,
  plan: ResizePlan,
  decode: 'near' | 'fast',
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { horizontal, vertical } = plan;
  if (horizontal.resized > horizontal.source || vertical.resized > vertical.source)
    return grow(image, plan, signal);
  const stream = image.stream ?? (await loadStream(image, signal));
  return reduce(stream, plan, shrinkOnLoad(stream.format, plan, decode));
}

async function loadStream(image: Image, signal: AbortSignal | undefined): Promise<ImageStream> {
  const raster = await image.read(wholeOf(image.header), signal);
  return { open: () => openRaster(raster), orientation: 1, format: 'other' };
}

/** Reduces an ordinary photo in a single pipeline. */
async function reduce(
  { open, orientation }: ImageStream,
  { horizontal, vertical, interpolation }: ResizePlan,
  onLoad: ShrinkOnLoad,
): Promise<Uint8Array> {
  const [across, down] = isSideways(orientation) ? [vertical, horizontal] : [horizontal, vertical];
  // Turn after the resize: sharp's own auto-orientation would decode a JPEG in full and hold it in memory.
  const stored = open();
  // A crop before the resize, even of the whole image, keeps sharp from leaving any reduction to the decoder.
  if (onLoad === 'none') stored.extract({ left: 0, top: 0, width: across.source, height: down.source });
  const resized = resize(stored, across.resized, down.resized, interpolation, onLoad);
  const { data } = await readRgb(keep(turnUpright(resized, orientation), horizontal, vertical));
  return data;
}

/** Resizes an image of which at least one axis grows. If the other shrinks, that comes first, on the pixels needed. */
async function grow(
  image: Image,
  { horizontal, vertical, interpolation }: ResizePlan,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const [x, y] = [splitAxis(horizontal), splitAxis(vertical)];
  const window = openRaster(
    await image.read(
      { left: x.read.start, width: length(x.read), top: y.read.start, height: length(y.read) },
      signal,
    ),
  );
  const reduced = keep(
    resize(window, x.reduced.resized, y.reduced.resized, interpolation, 'none'),
    x.reduced,
    y.reduced,
  );
  const bordered = reduced.extend({
    left: x.read.before,
    right: x.read.after,
    top: y.read.before,
    bottom: y.read.after,
    extendWith: 'copy',
  });
  // Compute the sizes: after an extract and an extend, sharp reports them without the border.
  const width = x.reduced.count + x.read.before + x.read.after;
  const height = y.reduced.count + y.read.before + y.read.after;
  const { data: pixels } = await readRgb(bordered);
  const canvas = await readRgb(enlarge({ data: pixels, width, height }, x.growth, y.growth, interpolation));
  const { data } = await readRgb(
    openRaster(canvas).extract({ left: 0, top: 0, width: x.growth.count, height: y.growth.count }),
  );
  return data;
}

/** An axis split into the part to read, its reduction, and its growth. */
interface SplitAxis {
  readonly read: Span;
  readonly reduced: Pick<Axis, 'resized' | 'first' | 'count'>;
  readonly growth: Growth;
}

function splitAxis(axis: Axis): SplitAxis {
  if (axis.resized <= axis.source) {
    const all = { start: 0, end: axis.source, before: 0, after: 0 };
    return { read: all, reduced: axis, growth: unchanged(axis.count) };
  }
  const read = enlargedSpan(axis);
  const count = length(read);
  return { read, reduced: { resized: count, first: 0, count }, growth: growthOf(axis, read) };
}

const length = ({ start, end }: Span) => end - start;

function resize(
  image: Sharp,
  width: number,
  height: number,
  interpolation: Interpolation,
  onLoad: ShrinkOnLoad,
): Sharp {
  return image.resize(width, height, {
    kernel: REDUCERS[interpolation],
    fit: 'fill',
    fastShrinkOnLoad: onLoad === 'all', // without it, sharp still shrinks a JPEG, by `half`
  });
}

/** Crops lazily: libvips computes only the pixels kept. */
function keep(
  image: Sharp,
  horizontal: Pick<Axis, 'first' | 'count'>,
  vertical: Pick<Axis, 'first' | 'count'>,
): Sharp {
  return image.extract({
    left: horizontal.first,
    width: horizontal.count,
    top: vertical.first,
    height: vertical.count,
  });
}
