import type { Sharp } from 'sharp';
import {
  enlarge,
  enlargedSpan,
  type Growth,
  growthOf,
  type Raster,
  type Span,
  unchanged,
} from './enlarge.js';
import type { Axis, FailOn, Interpolation, Preprocessing, ResizePlan } from './geometry.js';
import type { Header } from './header.js';
import { openImage, openPixels } from './libvips.js';
import { ImageRefusal } from './refusal.js';
import { type ShrinkOnLoad, shrinkOnLoad } from './shrink-on-load.js';

/** An image that libvips can resize as it is. */
interface Source {
  readonly open: (options: { readonly autoOrient: boolean }) => Sharp;
  readonly orientation: number; // EXIF, 1..8
}

const damaged = (format: string) => `the ${format} data is damaged`;
const DAMAGE: Readonly<Record<Header['layout'], (format: string) => string>> = {
  ...{ plain: damaged, alpha: damaged, cmyk: damaged },
  svg: () => 'the SVG is not well-formed or cannot be drawn',
};

// What sharp calls the kernels of Pillow's bicubic and bilinear.
const REDUCERS = { bicubic: 'cubic', bilinear: 'linear' } as const;

/** What turns an image of an EXIF orientation upright: sharp mirrors first, then turns clockwise. */
const UPRIGHT: Readonly<Record<number, { flip?: true; flop?: true; angle?: 90 | 180 | 270 }>> = {
  2: { flop: true },
  3: { angle: 180 },
  4: { flip: true },
  5: { flip: true, angle: 90 },
  6: { angle: 90 },
  7: { flop: true, angle: 90 },
  8: { angle: 270 },
};

/**
 * Decodes an image and computes the pixels that the plan keeps of it.
 *
 * libvips does all of it: no pixel passes through JavaScript. Its reductions differ from Pillow's by 0.2 of 255 on
 * average, its enlargements by 0.1. `fast` adds to that as `shrinkOnLoad` says; the geometry stays.
 *
 * @returns HWC RGB, 0..255: [vertical.count, horizontal.count, 3]
 * @throws ImageRefusal decode_failed or unsupported_format
 */
export async function readPixels(
  bytes: Uint8Array,
  header: Header,
  plan: ResizePlan,
  { decode, failOn }: Pick<Preprocessing, 'decode' | 'failOn'>,
): Promise<Uint8Array> {
  const { horizontal, vertical } = plan;
  const enlarges = horizontal.resized > horizontal.source || vertical.resized > vertical.source;
  try {
    const source = await sourceOf(bytes, header, failOn);
    return await (enlarges ? grow(source, plan) : reduce(source, plan, shrinkOnLoad(header, plan, decode)));
  } catch (error) {
    if (error instanceof ImageRefusal) throw error;
    // Not in libvips' words: images that are decoded side by side share its log, and find one another's errors there.
    throw new ImageRefusal('decode_failed', DAMAGE[header.layout](header.format));
  }
}

async function sourceOf(bytes: Uint8Array, header: Header, faults: FailOn): Promise<Source> {
  const { layout, orientation, format } = header;
  // libvips does not count it as an early end when a TIFF lacks pixels, and makes them black. Pillow does.
  const failOn = format === 'TIFF' && faults === 'truncated' ? 'error' : faults;
  const open: Source['open'] = ({ autoOrient }) => openImage(bytes, { autoOrient, failOn });
  if (layout === 'plain') return { open, orientation };
  if (layout === 'svg') {
    // Pillow reads no SVG; what is see-through is white, as in a browser.
    return { open: (options) => open(options).flatten({ background: '#fff' }), orientation };
  }
  // Pillow's convert('RGB') comes before the resize, sharp's conversions after it: convert the whole image first.
  const upright = open({ autoOrient: orientation !== 1 });
  const { width, height, data } = layout === 'cmyk' ? await readCmyk(upright) : await readRgb(upright);
  return { open: () => openPixels(data, width, height), orientation: 1 };
}

/** The one-pipeline path of ordinary photos. */
async function reduce(
  source: Source,
  { horizontal, vertical, interpolation }: ResizePlan,
  onLoad: ShrinkOnLoad,
): Promise<Uint8Array> {
  const { flip, flop, angle } = UPRIGHT[source.orientation] ?? {};
  const [across, down] = angle === 90 || angle === 270 ? [vertical, horizontal] : [horizontal, vertical];
  // Turned after the resize: sharp's own auto-orientation would decode a JPEG in full and hold it in memory.
  const stored = source.open({ autoOrient: false });
  // sharp leaves nothing to the decoder of an image that it has to crop first, be it to all of it.
  if (onLoad === 'none') stored.extract({ left: 0, top: 0, width: across.source, height: down.source });
  const image = resize(stored, across.resized, down.resized, interpolation, onLoad);
  if (flip) image.flip();
  if (flop) image.flop();
  if (angle !== undefined) image.rotate(angle);
  const { data } = await readRgb(keep(image, horizontal, vertical));
  return data;
}

/** At least one axis grows. The other may shrink, which comes first, on the pixels that are needed. */
async function grow(
  source: Source,
  { horizontal, vertical, interpolation }: ResizePlan,
): Promise<Uint8Array> {
  const [x, y] = [splitAxis(horizontal), splitAxis(vertical)];
  const window = source.open({ autoOrient: source.orientation !== 1 }).extract({
    ...{ left: x.read.start, width: length(x.read) },
    ...{ top: y.read.start, height: length(y.read) },
  });
  const reduced = keep(
    resize(window, x.reduced.resized, y.reduced.resized, interpolation, 'none'),
    x.reduced,
    y.reduced,
  );
  const bordered = reduced.extend({
    ...{ left: x.read.before, right: x.read.after, top: y.read.before, bottom: y.read.after },
    extendWith: 'copy',
  });
  // Sizes are computed: what sharp reports after an extract and an extend leaves the border out.
  const width = x.reduced.count + x.read.before + x.read.after;
  const height = y.reduced.count + y.read.before + y.read.after;
  const { data: pixels } = await readRgb(bordered);
  const canvas = await readRgb(enlarge({ data: pixels, width, height }, x.growth, y.growth, interpolation));
  const { data } = await readRgb(
    openPixels(canvas.data, canvas.width, canvas.height).extract({
      ...{ left: 0, top: 0, width: x.growth.count, height: y.growth.count },
    }),
  );
  return data;
}

/** What is read of an axis, what a reduction makes of that, and how it grows. */
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
    fastShrinkOnLoad: onLoad === 'all', // sharp shrinks a JPEG by `half` without it
  });
}

/** Lazy: libvips computes no pixel that is not kept. */
function keep(
  image: Sharp,
  horizontal: Pick<Axis, 'first' | 'count'>,
  vertical: Pick<Axis, 'first' | 'count'>,
): Sharp {
  return image.extract({
    ...{ left: horizontal.first, width: horizontal.count },
    ...{ top: vertical.first, height: vertical.count },
  });
}

async function readRgb(image: Sharp): Promise<Raster> {
  const { data, info } = await readRaw(image.toColourspace('srgb').removeAlpha());
  if (info.channels !== 3) {
    throw new ImageRefusal('unsupported_format', `decodes to ${info.channels} channels; expected 3`);
  }
  return { data, width: info.width, height: info.height };
}

/**
 * CMYK by Pillow's formula, whatever the press: each ink darkens what black leaves, (255 − ink) · (255 − black) / 255.
 * Inverted, that is an RGBA image on black, which libvips flattens.
 */
async function readCmyk(image: Sharp): Promise<Raster> {
  const { data, info } = await readRaw(image.pipelineColourspace('cmyk').toColourspace('cmyk'));
  const inverted = await readRaw(openPixels(data, info.width, info.height, 4).negate({ alpha: true }));
  return readRgb(openPixels(inverted.data, info.width, info.height, 4).flatten({ background: '#000' }));
}

function readRaw(image: Sharp) {
  return image.raw().toBuffer({ resolveWithObject: true });
}
