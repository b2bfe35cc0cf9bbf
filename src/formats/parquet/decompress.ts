import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors';
import { FormatError } from '../../errors.js';
import { unzstd } from '../../unzstd.js';
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

const MAX_WINDOW = 2 ** 27; // bytes; the limit of zstd's own decoders

function decompressZstd(bytes: Uint8Array, size: number): Uint8Array {
  if (zstdWindow(bytes) > Math.max(size, MAX_WINDOW)) throw new RangeError('the window is too large');
  const output = new Uint8Array(size);
  return output.subarray(0, unzstd(bytes, output));
}

/** Returns the memory that a frame asks for. https://datatracker.ietf.org/doc/html/rfc8878#name-frame-header */
function zstdWindow(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const descriptor = view.getUint8(4);
  if ((descriptor & 0x20) === 0) {
    const window = view.getUint8(5);
    return 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  }
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number); // after the id of a dictionary
  const width = descriptor >> 6;
  if (width === 0) return view.getUint8(at);
  if (width === 1) return 256 + view.getUint16(at, true);
  return width === 2 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
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
