import { Decompress } from 'fzstd';

/**
 * Decompresses ZSTD data. Unlike fzstd's `decompress`, it notices when the data are too short.
 *
 * @param output for the decompressed bytes, which may be fewer
 * @returns how many there are
 * @throws RangeError if there are more than `output` holds
 * @throws Error if the data are damaged
 */
export function unzstd(data: Uint8Array, output: Uint8Array): number {
  let length = 0;
  const stream = new Decompress((chunk) => {
    output.set(chunk, length);
    length += chunk.byteLength;
  });
  stream.push(data, true);
  return length;
}
