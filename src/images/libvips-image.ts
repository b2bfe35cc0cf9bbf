import type { Metadata, Sharp } from 'sharp';
import { ImageRefusal } from '../refusal.js';
import { heic } from './codecs/heic.js';
import type { FailOn, Size } from './geometry.js';
import type { Header, Image, OpenSettings } from './image.js';
import { runInThread } from './kernels/pixel-threads.js';
import { openFile, readRgb, readSamples, transferable } from './libvips.js';
import { exifOrientation, type OrientationSources, orientationOf } from './orientation.js';
import type { Raster, Region } from './raster.js';
import { refuseSize } from './size-limit.js';
import { sniffFormat } from './sniff.js';
import { headerRefusal } from './unreadable.js';
import { type Orientation, storedRegion, turnedSize, turnUpright } from './upright.js';

/** Overrides of a codec for what libvips gets wrong about its images. */
export interface Corrections {
  /** Returns the orientation of what libvips decodes; by default that of EXIF or XMP, if it is to be applied. */
  readonly orientation?: ((told: OrientationSources) => Orientation) | undefined;
  /** Returns the size that an image has once its codec has turned it. @param size of what libvips decodes */
  readonly shown?: ((size: Size) => Size) | undefined;
  readonly background?: string | undefined; // drawn behind transparent pixels; by default alpha is dropped
  readonly failOn?: FailOn | undefined; // the faults that fail it
  /** Replaces the conversion to RGB. @param stored the part of the image, not turned */
  readonly toRgb?: ((stored: Sharp) => Promise<Raster>) | undefined;
}

/**
 * Opens an image that libvips decodes.
 *
 * As in Pillow's `convert('RGB')`, alpha is dropped and colour profiles are ignored.
 *
 * @throws ImageRefusal unsupported_format, decode_failed or too_large
 */
export async function openWithLibvips(
  bytes: Uint8Array,
  settings: OpenSettings,
  corrections: Corrections = {},
): Promise<Image> {
  const { failOn = settings.failOn } = corrections;
  const metadata = await openFile(bytes, failOn)
    .metadata()
    .catch(() => {
      throw headerRefusal(bytes);
    });
  if (metadata.format === 'heif' && metadata.compression === 'hevc') return heic(bytes, settings);
  const told = { exif: metadata.exif && exifOrientation(metadata.exif), xmp: metadata.xmp };
  const follow = corrections.orientation ?? (settings.autoOrient ? orientationOf : () => 1 as const);
  const orientation = follow(told);
  const size = turnedSize(metadata, orientation);
  const shown = corrections.shown?.(size) ?? size;
  refuseDepth(metadata, shown);
  refuseSize(metadata, settings.maxPixels, shown);
  const isCmyk = metadata.space === 'cmyk' && metadata.channels >= 4;
  const isSvg = metadata.format === 'svg'; // wherever in the file its tag is
  const background = isSvg ? '#fff' : corrections.background; // as in a browser
  const format = isSvg ? 'SVG' : (sniffFormat(bytes)?.name ?? metadata.format.toUpperCase());
  const header: Header = { ...size, format, streamed: isStreamed(metadata) };
  const open = () => {
    const image = openFile(bytes, failOn);
    return background === undefined ? image : image.flatten({ background });
  };
  const toRgb = corrections.toRgb ?? (isCmyk ? cmykToRgb(metadata.depth === 'ushort' ? 2 : 1) : readRgb);
  const read = (region: Region) => readRegion(open(), { region, size, orientation, toRgb });
  // Pillow's convert('RGB') comes before the resize, sharp's conversions come after it.
  const convertsFirst = toRgb !== readRgb || (metadata.hasAlpha && background === undefined);
  if (convertsFirst) return { header, read };
  return {
    header,
    read,
    stream: { open, orientation, format: format === 'JPEG' || format === 'WebP' ? format : 'other' },
  };
}

interface RegionRead {
  readonly region: Region; // of the upright image
  readonly size: Size; // of the upright image
  readonly orientation: Orientation;
  readonly toRgb: (stored: Sharp) => Promise<Raster>;
}

async function readRegion(image: Sharp, { region, size, orientation, toRgb }: RegionRead): Promise<Raster> {
  const { width, height } = size;
  const isWhole = region.width === width && region.height === height;
  if (!isWhole) image.extract(storedRegion(region, size, orientation));
  return toRgb(turnUpright(image, orientation));
}

/** Drops channels after the four inks. @param sampleBytes 1, or 2, of which the high byte counts */
const cmykToRgb =
  (sampleBytes: 1 | 2) =>
  async (image: Sharp): Promise<Raster> => {
    const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk');
    const { data: samples, info } = await readSamples(inks, sampleBytes === 2 ? 'ushort' : 'uchar');
    const data = transferable(samples);
    const { width, height, channels } = info;
    const bytesPerPixel = channels * sampleBytes;
    const rgb = await runInThread('cmykToRgb', { data, bytesPerPixel, sampleBytes }, { transfer: [data] });
    return { width, height, data: rgb };
  };

/** Refuses floating-point samples in 0..1, which libvips would truncate to 0, a black image. */
function refuseDepth({ format, depth }: Metadata, { width, height }: Size): void {
  if (depth === 'uchar' || depth === 'ushort') return;
  const samples = depth === 'float' || depth === 'double' ? 'floating-point' : depth;
  throw new ImageRefusal(
    'unsupported_format',
    `${format.toUpperCase()} with ${samples} samples has no defined range; convert it to 8 or 16 bits, unsigned`,
    { width, height },
  );
}

/** Returns true for baseline JPEGs and plain PNGs; several passes, or a conversion before the resize, hold the whole image. */
function isStreamed({ format, space, isProgressive, hasAlpha }: Metadata): boolean {
  return (format === 'jpeg' || format === 'png') && space !== 'cmyk' && !hasAlpha && isProgressive !== true;
}
