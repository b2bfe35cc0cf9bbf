import { readVarint } from './varint.js';

const LITERAL = 0;
const LONG_LITERAL = 60; // from here on, the tag states how many bytes hold the length
const MAX_VARINT = 5; // bytes

/**
 * Decompresses a Snappy block that states the expected length.
 * https://github.com/google/snappy/blob/main/format_description.txt
 *
 * hyparquet and hysnappy do not check lengths: on damaged data, the first runs for minutes, and the second returns bytes of an earlier page.
 *
 * @param size bytes that come out
 * @throws RangeError if the data are damaged
 */
export function decompressSnappy(bytes: Uint8Array, size: number): Uint8Array {
  const [stated, start] = varint(bytes);
  if (stated !== size) throw new RangeError(`Snappy data of ${stated} bytes`);
  const output = new Uint8Array(size);
  let length = 0; // of the output so far
  for (let at = start; at < bytes.byteLength; ) {
    const tag = bytes[at] as number;
    const kind = tag & 3;
    const extra = extraBytes(tag);
    const number = numberAt(bytes, at + 1, extra);
    at += 1 + extra;
    if (kind === LITERAL) {
      const count = (extra === 0 ? tag >> 2 : number) + 1;
      if (at + count > bytes.byteLength) throw new RangeError('a literal ends beyond the data');
      output.set(bytes.subarray(at, at + count), length);
      at += count;
      length += count;
    } else {
      const count = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
      const distance = kind === 1 ? (tag >> 5) * 256 + number : number;
      copy(output, length, distance, count);
      length += count;
    }
  }
  if (length !== size) throw new RangeError(`${length} bytes of ${size}`);
  return output;
}

/** Returns how many bytes after a tag hold a length or a distance. */
function extraBytes(tag: number): number {
  const kind = tag & 3;
  if (kind !== LITERAL) return kind === 3 ? 4 : kind;
  return Math.max(0, (tag >> 2) - LONG_LITERAL + 1);
}

function numberAt(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.byteLength) throw new RangeError('a tag ends beyond the data');
  let number = 0;
  for (let i = count - 1; i >= 0; i--) number = number * 256 + (bytes[at + i] as number);
  return number;
}

/** Repeats bytes of the output, which may overlap what they give. */
function copy(output: Uint8Array, length: number, distance: number, count: number): void {
  if (distance === 0 || distance > length || length + count > output.byteLength)
    throw new RangeError('a copy lies outside the output');
  for (let i = length; i < length + count; i++) output[i] = output[i - distance] as number;
}

function varint(bytes: Uint8Array): readonly [value: number, end: number] {
  let end = 0;
  const value = readVarint(() => bytes[end++] ?? 0x80, MAX_VARINT); // beyond the data: a number that does not end
  if (value === undefined) throw new RangeError('Snappy data without a length');
  return [value, end];
}
