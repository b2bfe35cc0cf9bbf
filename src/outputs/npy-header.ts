import type { FloatDType } from './row-tensor.js';

const DESCR: Readonly<Record<FloatDType, string>> = { float32: '<f4', float16: '<f2' };

const ALIGNMENT = 64; // the format requires data to start at a multiple of this
const PREAMBLE_BYTES = 10; // magic string, version, header length
const MAX_ROWS = String(Number.MAX_SAFE_INTEGER);

/**
 * Encodes the NPY 1.0 header of a C-ordered, little-endian array `[rows, ...rowShape]`. Its length does not depend on `rows`:
 * it is padded for the largest count, so the final header can overwrite the first.
 *
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @param rows number of rows, 0 included
 * @returns a multiple of 64 bytes; the array's data follows immediately
 */
export function encodeNpyHeader(dtype: FloatDType, rows: number, rowShape: readonly number[]): Uint8Array {
  const longest = dictionary(dtype, MAX_ROWS, rowShape).length + 1; // and the line feed
  const total = Math.ceil((PREAMBLE_BYTES + longest) / ALIGNMENT) * ALIGNMENT;
  const text = dictionary(dtype, String(rows), rowShape).padEnd(total - PREAMBLE_BYTES - 1);
  const header = Buffer.alloc(total);
  header.write('\x93NUMPY', 'latin1');
  header.writeUInt8(1, 6);
  header.writeUInt8(0, 7);
  header.writeUInt16LE(total - PREAMBLE_BYTES, 8);
  header.write(`${text}\n`, PREAMBLE_BYTES, 'latin1');
  return header;
}

function dictionary(dtype: FloatDType, rows: string, rowShape: readonly number[]): string {
  // A Python tuple: `(3,)` has a trailing comma, and `(3, 5,)` may.
  const shape = rowShape.length === 0 ? `${rows},` : [rows, ...rowShape].join(', ');
  return `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
}
