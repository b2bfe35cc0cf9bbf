import { type CodedPicture, interpolateChroma } from './chroma.js';
import { cmykToRgb, type Samples, unpremultiply } from './colours.js';
import { countLzwPixels, type LzwData } from './lzw.js';
import { type Resampling, resample } from './resample.js';
import { type ZstdSamples, zstdToDeflate } from './zstd.js';

// What is computed of pixels in a thread of its own: these functions would block the event loop.

export const PIXEL_TASKS = {
  resample: (resampling: Resampling) => resample(resampling),
  cmykToRgb: ({ sampleBytes, ...samples }: Samples & { readonly sampleBytes: 1 | 2 }) =>
    cmykToRgb(samples, sampleBytes),
  countLzwPixels: (data: LzwData) => countLzwPixels(data),
  interpolateChroma: (picture: CodedPicture) => interpolateChroma(picture),
  zstdToDeflate: (samples: ZstdSamples) => zstdToDeflate(samples),
  unpremultiply: ({ data }: { readonly data: Uint8Array }) => unpremultiply(data),
} as const;

export type PixelTask = keyof typeof PIXEL_TASKS;
export type PixelInput<Task extends PixelTask> = Parameters<(typeof PIXEL_TASKS)[Task]>[0];
export type PixelOutput<Task extends PixelTask> = Awaited<ReturnType<(typeof PIXEL_TASKS)[Task]>>;
