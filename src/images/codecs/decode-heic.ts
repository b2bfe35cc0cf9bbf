import { importOptional } from '../../optional-package.js';
import type { Size } from '../geometry.js';
import { unpack } from '../kernels/unpack.js';
import type { Region } from '../raster.js';
import { HEIC_DECODE } from './optional-packages.js';

/** A HEIC file, and the region to decode. */
export interface HeicInput {
  readonly data: Uint8Array;
  readonly size: Size; // of its primary image
  readonly region: Region;
}

/** The part of heic-decode that is used. */
interface HeicDecode {
  all(input: {
    readonly buffer: Uint8Array;
  }): Promise<readonly (Size & { decode(): Promise<{ readonly data: Uint8ClampedArray }> })[]>;
}

/**
 * Decodes the primary image of a HEIC file. libheif does not say which image that is, so this takes the first of its size. Runs in
 * a thread that ends afterwards: a damaged file may corrupt libheif's memory.
 *
 * @returns HWC RGB, 0..255: [region.height, region.width, 3]
 * @throws if the file is damaged
 */
export async function decodeHeic({ data, size, region }: HeicInput): Promise<Uint8Array> {
  const { all } = (await importOptional(HEIC_DECODE)) as HeicDecode;
  data.set(Buffer.from('heic'), 8); // the package accepts few brands, libheif accepts all
  const images = await all({ buffer: data });
  const { width, height } = size;
  const image = images.find((candidate) => candidate.width === width && candidate.height === height);
  if (image === undefined) throw new Error('not decoded');
  const { data: rgba } = await image.decode();
  const stride = 4 * width;
  const rows = new Uint8Array(rgba.buffer, rgba.byteOffset + region.top * stride, region.height * stride);
  const layout = { kind: 'bytes', bytesPerPixel: 4, rgb: [0, 1, 2] } as const;
  return unpack({ data: rows, stride, width, layout, bottomUp: false, mirrored: false, region });
}
