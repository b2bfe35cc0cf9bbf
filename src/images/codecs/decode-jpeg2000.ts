import { importOptional } from '../../optional-package.js';
import type { Size } from '../geometry.js';
import type { Layout } from '../kernels/layout.js';
import { unpack } from '../kernels/unpack.js';
import type { Region } from '../raster.js';
import { OPENJPEG } from './optional-packages.js';

/** A JPEG 2000 file, and the region to decode. */
export interface Jpeg2000Input {
  readonly data: Uint8Array;
  readonly size: Size; // according to its header
  readonly region: Region;
}

/** The part of @cornerstonejs/codec-openjpeg that is used. */
type OpenJpeg = (options: { readonly print: () => void; readonly printErr: () => void }) => Promise<{
  readonly J2KDecoder: new () => {
    getEncodedBuffer(bytes: number): Uint8Array;
    decode(): void;
    getFrameInfo(): Size & { bitsPerSample: number; componentCount: number; isSigned: boolean };
    getDecodedBuffer(): Uint8ClampedArray;
  };
}>;

/**
 * Decodes a JPEG 2000 file. Runs in a thread that ends afterwards: a damaged file may corrupt OpenJPEG's memory.
 *
 * @returns HWC RGB, 0..255: [region.height, region.width, 3]
 * @throws if the file is damaged
 */
export async function decodeJpeg2000({ data, size, region }: Jpeg2000Input): Promise<Uint8Array> {
  const load = (await importOptional(OPENJPEG)) as OpenJpeg;
  const decoder = new (await load({ print: () => {}, printErr: () => {} })).J2KDecoder();
  decoder.getEncodedBuffer(data.byteLength).set(data);
  decoder.decode();
  const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
  const pixels = decoder.getDecodedBuffer();
  const isWhole = width === size.width && height === size.height;
  if (!isWhole || (componentCount !== 1 && componentCount !== 3)) throw new Error('not decoded');
  const layout = layoutOf(componentCount, bitsPerSample);
  const stride = width * layout.channels * layout.sampleBytes;
  const rows = new Uint8Array(pixels.buffer, pixels.byteOffset + region.top * stride, region.height * stride);
  return unpack({ data: rows, stride, width, layout, bottomUp: false, mirrored: false, region });
}

/** Converts samples to 8 bits as Pillow's Jpeg2KDecode.c does: by shifting, with rounding above 8 bits. */
function layoutOf(channels: 1 | 3, bits: number): Extract<Layout, { kind: 'samples' }> {
  const toByte = (sample: number) =>
    bits <= 8 ? sample << (8 - bits) : Math.min(255, (sample + (1 << (bits - 9))) >> (bits - 8));
  const sampleBytes = bits <= 8 ? 1 : 2;
  const swapped = (value: number) => ((value & 0xff) << 8) | (value >> 8); // samples are little-endian
  const table = Uint8Array.from({ length: 2 ** (8 * sampleBytes) }, (_, value) =>
    toByte(sampleBytes === 1 ? value : swapped(value)),
  );
  return { kind: 'samples', channels, sampleBytes, table };
}
