import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { snappyUncompress } from 'hyparquet';
import { decompressLz4, decompressLz4Raw, decompressZstd } from 'hyparquet-compressors';
import { FormatError } from '../../errors.js';

/**
 * The codecs of pages, each from bytes and the number of bytes that come out. Node's own where it has them. Snappy is hyparquet's and
 * not that of hyparquet-compressors, which keeps memory of the size of the largest page.
 */
const CODECS: Readonly<Record<string, (bytes: Uint8Array, size: number) => Uint8Array>> = {
  UNCOMPRESSED: (bytes) => bytes,
  SNAPPY(bytes, size) {
    const output = new Uint8Array(size);
    snappyUncompress(bytes, output);
    return output;
  },
  GZIP: (bytes, size) => gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  BROTLI: (bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  ZSTD: (bytes, size) => decompressZstd(bytes, new Uint8Array(size)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/**
 * Decompresses a page. The result has a buffer of its own, so that a damaged page cannot show bytes beyond it.
 *
 * @param size bytes that it must have
 * @throws FormatError if the codec is unknown, or the page damaged
 */
export function decompress(codec: string, bytes: Uint8Array, size: number): Uint8Array {
  const decode = CODECS[codec];
  if (decode === undefined) throw new FormatError(`compressed by ${codec}, which halonet does not read`);
  let output: Uint8Array;
  try {
    output = decode(bytes, size);
  } catch (cause) {
    throw new FormatError(`a page is damaged: ${codec} cannot decompress it`, { cause });
  }
  if (output.byteLength !== size)
    throw new FormatError(`a page has ${output.byteLength} bytes; its header states ${size}`);
  return output.byteLength === output.buffer.byteLength ? output : Uint8Array.from(output);
}
