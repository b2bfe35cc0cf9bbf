import { decodeHeic, type HeicInput } from '../codecs/decode-heic.js';
import { decodeJpeg2000, type Jpeg2000Input } from '../codecs/decode-jpeg2000.js';
import { type CodedPicture, interpolateChroma } from './chroma.js';
import { cmykToRgb, type Samples, unpremultiply } from './colours.js';
import { countLzwPixels, type LzwData } from './lzw.js';
import { type CodedRows, type PackedPixels, unpackPixels } from './packed-pixels.js';
import { type Resampling, resample } from './resample.js';
import { type ZstdSamples, zstdToDeflate } from './zstd.js';

// Computations that run in a separate thread, because they would block the event loop.

export const PIXEL_TASKS = {
  resample: (resampling: Resampling) => resample(resampling),
  cmykToRgb: ({ sampleBytes, ...samples }: Samples & { readonly sampleBytes: 1 | 2 }) =>
    cmykToRgb(samples, sampleBytes),
  countLzwPixels: (data: LzwData) => countLzwPixels(data),
  interpolateChroma: (picture: CodedPicture) => interpolateChroma(picture),
  zstdToDeflate: (samples: ZstdSamples) => zstdToDeflate(samples),
  unpremultiply: ({ data }: { readonly data: Uint8Array }) => unpremultiply(data),
  unpackPixels: (pixels: PackedPixels | CodedRows) => unpackPixels(pixels),
  jpeg2000: (input: Jpeg2000Input) => decodeJpeg2000(input),
  heic: (input: HeicInput) => decodeHeic(input),
} as const;

export type PixelTask = keyof typeof PIXEL_TASKS;
export type PixelInput<Task extends PixelTask> = Parameters<(typeof PIXEL_TASKS)[Task]>[0];
export type PixelOutput<Task extends PixelTask> = Awaited<ReturnType<(typeof PIXEL_TASKS)[Task]>>;
