import type { Sharp } from 'sharp';
import type { CodedPicture } from '../kernels/chroma.js';
import { runInThread } from '../kernels/pixel-threads.js';
import { readRgb, readSamples, transferable } from '../libvips.js';
import type { Raster } from '../raster.js';
import type { Av1Coding, HeifImage } from './heif.js';

// ITU-T H.273, MatrixCoefficients; libavif takes unspecified ones for BT.601.
const MATRICES: Readonly<Record<number, CodedPicture['matrix']>> = {
  1: 'BT.709',
  2: 'BT.601',
  5: 'BT.601',
  6: 'BT.601',
  9: 'BT.2020',
};

/**
 * Reads the pixels of a whole AVIF picture in Pillow's colours. libheif converts colours differently, and leaves premultiplied
 * ones multiplied by their alpha.
 *
 * @param image neither cropped nor turned from its coded orientation, because chroma comes in blocks of pixels
 */
export async function avifPixels(
  image: Sharp,
  { coding, premultiplied }: Pick<HeifImage, 'coding' | 'premultiplied'>,
): Promise<Raster> {
  const matrix = MATRICES[coding?.matrix ?? -1];
  if (coding?.monochrome && coding.limited && !premultiplied) return readRgb(stretched(image, coding));
  if (coding === undefined || coding.monochrome || matrix === undefined)
    return premultiplied ? unpremultiplied(await rgba(image)) : readRgb(image);
  const is16 = coding.depth > 8;
  const colours = is16
    ? image.pipelineColourspace('rgb16').toColourspace('rgb16')
    : image.toColourspace('srgb');
  const channels = premultiplied ? 4 : 3;
  const wanted = premultiplied ? colours.ensureAlpha() : colours.removeAlpha();
  const { data: samples, info } = await readSamples(wanted, is16 ? 'ushort' : 'uchar');
  const data = transferable(samples);
  const { width, height } = info;
  const { depth, halved, limited } = coding;
  const picture = { data, width, height, channels, depth, halved, limited, matrix } as const;
  const pixels = await runInThread('interpolateChroma', picture, { transfer: [data] });
  const raster = { width, height, data: pixels };
  return premultiplied ? unpremultiplied(raster) : raster;
}

/** Stretches limited-range grey to the full range, which libheif does not do. */
function stretched(image: Sharp, { depth }: Av1Coding): Sharp {
  const scale = 255 / 219;
  const offset = 0.5 - 16 * scale; // 0.5, because the result is truncated
  return image.linear(scale, depth === 8 ? offset : offset * 256);
}

async function rgba(image: Sharp): Promise<Raster> {
  const { data, info } = await readSamples(image.toColourspace('srgb').ensureAlpha());
  return { width: info.width, height: info.height, data: transferable(data) };
}

/** @param pixels RGBA */
async function unpremultiplied({ width, height, data }: Raster): Promise<Raster> {
  return { width, height, data: await runInThread('unpremultiply', { data }, { transfer: [data] }) };
}
