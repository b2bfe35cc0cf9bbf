import type { Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { BlockDecoder } from '../../zstd/block-decoder.js';
import type { BlockHeader, Frame } from '../../zstd/frame-header.js';
import { Xxh64 } from '../../zstd/xxh64.js';
import { ZlibStream } from './zlib-stream.js';

/** A block of a frame as it is in the file. */
export interface Block extends BlockHeader {
  readonly header: Buffer;
  readonly bytes: Buffer; // its content
}

/** Decompresses the blocks of one Zstandard frame. Close it when done. */
export interface FrameDecoder {
  /** @throws Error if the block is damaged */
  readonly decode: (block: Block) => Promise<Uint8Array>;
  /** Takes the bytes of the checksum. @throws Error if it is wrong */
  readonly check: (checksum: Buffer) => Promise<void>;
  readonly close: () => void;
}

type Stream = Transform & { readonly bytesWritten: number };

/** Node 22.15 and later have Zstandard, which decompresses in a thread. */
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Stream };

/** @param header the bytes of the frame header */
export const openFrameDecoder = (frame: Frame, header: Buffer): FrameDecoder =>
  createZstdDecompress === undefined ? ownDecoder(frame) : nodeDecoder(header, createZstdDecompress());

function nodeDecoder(header: Buffer, zstd: Stream): FrameDecoder {
  const stream = new ZlibStream(zstd);
  let begin = header;
  const push = async (...parts: readonly Buffer[]) => {
    const { output } = await stream.push(Buffer.concat([begin, ...parts]));
    begin = Buffer.of();
    return output.length === 1 ? (output[0] as Buffer) : Buffer.concat(output);
  };
  return {
    decode: (block) => push(block.header, block.bytes),
    async check(checksum) {
      await push(checksum);
    },
    close: () => stream.close(),
  };
}

const TURN = 4 * 2 ** 20; // bytes decompressed before others get their turn

function ownDecoder({ window, hasChecksum }: Frame): FrameDecoder {
  const decoder = new BlockDecoder(window);
  const hash = new Xxh64();
  let bytes = 0; // in this turn
  return {
    async decode({ type, bytes: content, size }) {
      const output = decoder.decode(type, content, size);
      if (hasChecksum) hash.update(output);
      bytes += output.byteLength;
      if (bytes < TURN) return output.slice();
      bytes = 0;
      const copy = output.slice();
      await setImmediate();
      return copy;
    },
    async check(checksum) {
      if (checksum.readUInt32LE() !== hash.low) throw new Error('the checksum is wrong');
    },
    close() {},
  };
}
