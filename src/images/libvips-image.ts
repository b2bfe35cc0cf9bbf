import type { Metadata, Sharp } from 'sharp';
import { ImageRefusal } from '../refusal.js';
import { heic } from './codecs/heic.js';
import type { FailOn, Size } from './geometry.js';
import type { Header, Image, OpenSettings } from './image.js';
import { inThread } from './kernels/pixel-threads.js';
import { openFile, readRgb, readSamples, transferable } from './libvips.js';
import { exifOrientation, type OrientationSources, orientationOf } from './orientation.js';
import type { Raster, Region } from './raster.js';
import { refuseSize } from './size-limit.js';
import { sniffFormat } from './sniff.js';
import { headerRefusal } from './unreadable.js';
import { type Orientation, storedRegion, turnedSize, turnUpright } from './upright.js';

/** What a codec knows better of its images than libvips. */
export interface Corrections {
  /** What turns what libvips gives upright; that of its EXIF or XMP, where that is to be followed, when not given. */
  readonly orientation?: ((told: OrientationSources) => Orientation) | undefined;
  readonly background?: string | undefined; // what see-through pixels stand on; alpha is dropped when not given
  readonly failOn?: FailOn | undefined; // the faults that fail it
  /** In place of the conversion to RGB. @param stored the part of the image, not turned */
  readonly toRgb?: ((stored: Sharp) => Promise<Raster>) | undefined;
}

/**
 * Opens an image that libvips decodes.
 *
 * As in Pillow's `convert('RGB')`, alpha is dropped and no profile is followed.
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
  refuseDepth(metadata);
  refuseSize(metadata, settings.maxPixels);
  const told = { exif: metadata.exif && exifOrientation(metadata.exif), xmp: metadata.xmp };
  const follow = corrections.orientation ?? (settings.autoOrient ? orientationOf : () => 1 as const);
  const orientation = follow(told);
  const isCmyk = metadata.space === 'cmyk' && metadata.channels >= 4;
  const isSvg = metadata.format === 'svg'; // wherever in the file its tag stands
  const background = isSvg ? '#fff' : corrections.background; // as in a browser
  const format = isSvg ? 'SVG' : (sniffFormat(bytes)?.name ?? metadata.format.toUpperCase());
  const size = turnedSize(metadata, orientation);
  const header: Header = { ...size, format, streamed: isStreamed(metadata) };
  const open = () => {
    const image = openFile(bytes, failOn);
    return background === undefined ? image : image.flatten({ background });
  };
  const toRgb = corrections.toRgb ?? (isCmyk ? cmykToRgb(metadata.depth === 'ushort' ? 2 : 1) : readRgb);
  const read = (region: Region) => readRegion(open(), { region, size, orientation, toRgb });
  // Pillow's convert('RGB') comes before the resize, sharp's conversions after it.
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

/** Channels after the four inks are left out. @param sampleBytes 1, or 2 of which the high byte counts */
const cmykToRgb =
  (sampleBytes: 1 | 2) =>
  async (image: Sharp): Promise<Raster> => {
    const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk');
    const { data: samples, info } = await readSamples(inks, sampleBytes === 2 ? 'ushort' : 'uchar');
    const data = transferable(samples);
    const { width, height, channels } = info;
    const bytesPerPixel = channels * sampleBytes;
    const rgb = await inThread('cmykToRgb', { data, bytesPerPixel, sampleBytes }, { transfer: [data] });
    return { width, height, data: rgb };
  };

/** libvips would cut samples of 0..1 to 0 and call it black. */
function refuseDepth({ format, depth }: Metadata): void {
  if (depth === 'uchar' || depth === 'ushort') return;
  const samples = depth === 'float' || depth === 'double' ? 'floating-point' : depth;
  throw new ImageRefusal(
    'unsupported_format',
    `${format.toUpperCase()} with ${samples} samples has no defined range; convert it to 8 or 16 bits, unsigned`,
  );
}

/** Baseline JPEGs and plain PNGs; what has several passes over the image, or a conversion before the resize, is held. */
function isStreamed({ format, space, isProgressive, hasAlpha }: Metadata): boolean {
  return (format === 'jpeg' || format === 'png') && space !== 'cmyk' && !hasAlpha && isProgressive !== true;
}
