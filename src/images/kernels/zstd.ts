import { deflateSync } from 'node:zlib';
import { Decompress } from 'fzstd';

/** Compressed samples, and how many there are. */
export interface ZstdSamples {
  readonly data: Uint8Array;
  readonly length: number; // bytes, at most
  readonly least: number; // bytes; those that may be missing are zeros
}

/**
 * Compresses by Deflate what is compressed by ZSTD, which few builds of libtiff read. It is stored, not made smaller.
 *
 * @throws Error where the data are damaged, or are not as many as said
 */
export function zstdToDeflate({ data, length, least }: ZstdSamples): Uint8Array {
  const samples = new Uint8Array(length);
  let count = 0;
  const stream = new Decompress((chunk) => {
    samples.set(chunk, count); // RangeError where they are too many
    count += chunk.byteLength;
  });
  stream.push(data, true);
  if (count < least) throw new Error(`${count} bytes of samples; expected ${least}`);
  return Uint8Array.from(deflateSync(samples, { level: 0 }));
}
