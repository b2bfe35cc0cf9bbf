import { deflateSync } from 'node:zlib';
import { unzstd } from '../../zstd/unzstd.js';

/** Compressed samples, and how many there are. */
export interface ZstdSamples {
  readonly data: Uint8Array;
  readonly length: number; // in bytes, at most
  readonly least: number; // in bytes; samples missing beyond these are zeros
}

/**
 * Repackages ZSTD data as Deflate, because few builds of libtiff read ZSTD. The data are stored, not compressed.
 *
 * @throws Error if the data are damaged, too short or too long
 */
export function zstdToDeflate({ data, length, least }: ZstdSamples): Uint8Array {
  const samples = new Uint8Array(length);
  const count = unzstd(data, samples);
  if (count < least) throw new Error(`${count} bytes of samples; expected ${least}`);
  return Uint8Array.from(deflateSync(samples, { level: 0 }));
}
