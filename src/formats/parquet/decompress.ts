import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors';
import { FormatError } from '../../errors.js';
import { unzstd } from '../../zstd/unzstd.js';
import { decompressSnappy } from './snappy.js';

/** The codecs of pages, each from bytes and the number of bytes that come out; Node's own where it has them. */
const CODECS: Readonly<Record<string, (bytes: Uint8Array, size: number) => Uint8Array>> = {
  UNCOMPRESSED: (bytes) => bytes,
  SNAPPY: decompressSnappy,
  GZIP: (bytes, size) => gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  BROTLI: (bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  ZSTD: decompressZstd,
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

function decompressZstd(bytes: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  return output.subarray(0, unzstd(bytes, output));
}

/**
 * Decompresses a page. The result has its own buffer, so that a damaged page cannot reveal bytes beyond it.
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
