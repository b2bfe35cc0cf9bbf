// src/zstd/: decompresses Zstandard data, without trusting it

import { BlockDecoder } from './block-decoder.js';
import { expect } from './damaged.js';
import {
  BLOCK_HEADER_BYTES,
  CHECKSUM_BYTES,
  FRAME_MAGIC,
  headerRest,
  isSkippable,
  LARGEST_WINDOW,
  MAGIC_BYTES,
  readBlockHeader,
  readFrameHeader,
} from './frame-header.js';
import { Xxh64 } from './xxh64.js';

/**
 * Decompresses Zstandard data: one or more frames.
 *
 * @param output for the decompressed bytes, which may be fewer
 * @returns how many there are
 * @throws RangeError if there are more than `output` holds
 * @throws DamagedZstdError if the data are damaged or too short
 */
export function unzstd(data: Uint8Array, output: Uint8Array): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let length = 0;
  const take: Take = (count) => {
    expect(at + count <= bytes.byteLength, 'the data end early');
    at += count;
    return bytes.subarray(at - count, at);
  };
  do {
    const magic = take(MAGIC_BYTES).readUInt32LE();
    if (isSkippable(magic)) take(take(4).readUInt32LE());
    else {
      expect(magic === FRAME_MAGIC, 'there is no frame');
      length += readFrame(take, output.subarray(length));
    }
  } while (at < bytes.byteLength);
  return length;
}

/** Returns the next bytes. @throws DamagedZstdError if there are fewer */
type Take = (count: number) => Buffer;

function readFrame(take: Take, output: Uint8Array): number {
  const descriptor = take(1).readUInt8();
  const largest = Math.max(LARGEST_WINDOW, output.byteLength);
  const frame = readFrameHeader(descriptor, take(headerRest(descriptor)), largest);
  const decoder = new BlockDecoder(frame.window);
  const hash = new Xxh64();
  let length = 0;
  for (let isLast = false; !isLast; ) {
    const block = readBlockHeader(take(BLOCK_HEADER_BYTES), frame);
    const chunk = decoder.decode(block.type, take(block.content), block.size);
    if (frame.hasChecksum) hash.update(chunk);
    output.set(chunk, length);
    length += chunk.byteLength;
    ({ isLast } = block);
  }
  expect(frame.size === undefined || frame.size === length, 'a frame has another size than stated');
  expect(!frame.hasChecksum || take(CHECKSUM_BYTES).readUInt32LE() === hash.low, 'a checksum is wrong');
  return length;
}
