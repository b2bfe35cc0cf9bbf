/**
 * Reads a variable-length number: seven bits per byte, the lowest first, as Thrift, Snappy and Parquet's encodings have it.
 *
 * @param next returns the next byte
 * @param limit bytes that it may have
 * @returns undefined if it does not end within them
 * @throws what `next` throws
 */
export function readVarint(next: () => number, limit: number): number | undefined {
  let value = 0;
  for (let i = 0; i < limit; i++) {
    const byte = next();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value;
  }
  return undefined;
}
