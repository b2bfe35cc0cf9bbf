import { Xxh64 } from '../../src/zstd/xxh64.js';

// Writes Zstandard data without compressing them: Node has a compressor only from version 22.15 on.

/** A block of a frame, and the bytes that it decompresses to. */
export interface ZstdBlock {
  readonly type: 0 | 1 | 2;
  readonly size: number;
  readonly content: Buffer;
  readonly output: Buffer;
}

const bytesOf = (bytes: string | Buffer) => Buffer.from(bytes as Buffer);

export const rawBlock = (bytes: string | Buffer): ZstdBlock => {
  const content = bytesOf(bytes);
  return { type: 0, size: content.byteLength, content, output: content };
};

export const rleBlock = (byte: string, size: number): ZstdBlock => ({
  type: 1,
  size,
  content: Buffer.from(byte),
  output: Buffer.alloc(size, byte),
});

/** A block of compressed bytes that are made by hand. */
export const compressedBlock = (content: Buffer): ZstdBlock => ({
  type: 2,
  size: content.byteLength,
  content,
  output: Buffer.of(),
});

/** Writes a frame with a window of a MiB and a checksum. */
export function zstdFrame(blocks: readonly ZstdBlock[]): Buffer {
  const parts = blocks.map(({ type, size, content }, i) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((size << 3) | (type << 1) | Number(i === blocks.length - 1), 0, 3);
    return Buffer.concat([header, content]);
  });
  const hash = new Xxh64();
  for (const { output } of blocks) hash.update(output);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(hash.low);
  return Buffer.concat([Buffer.from('28b52ffd0450', 'hex'), ...parts, checksum]);
}

const BLOCK = 2 ** 17; // bytes

/** Writes a frame of raw blocks. */
export function zstdOf(bytes: Buffer, block = BLOCK): Buffer {
  const blocks: ZstdBlock[] = [];
  for (let at = 0; at === 0 || at < bytes.byteLength; at += block)
    blocks.push(rawBlock(bytes.subarray(at, at + block)));
  return zstdFrame(blocks);
}

/** Literals whose Huffman weights come from a table with states that take no bits and lead to themselves. */
export function endlessWeights(): Buffer {
  // All 32 states are those of the weight 0. A stream of bits follows.
  const weights = Buffer.from([...fseDescription([32], 5), 0xff, 0xff, 0x01]);
  const tree = Buffer.concat([Buffer.of(weights.byteLength), weights]);
  const literals = Buffer.concat([tree, Buffer.of(1)]);
  const header = Buffer.alloc(3);
  header.writeUIntLE(2 | (1 << 4) | (literals.byteLength << 14), 0, 3);
  return Buffer.concat([header, literals, Buffer.of(0)]);
}

/** No literals, and as many matches of the greatest length as a block can state, of which none takes bits. */
export function endlessMatches(): Buffer {
  const modes = 0b01_01_01_00; // each code is always the same
  return Buffer.concat([
    Buffer.of(0x08, 0x61),
    Buffer.of(0xff, 0xff, 0xff, modes, 1, 0, 51),
    Buffer.alloc(2 ** 16, 0xff),
  ]);
}

/** Describes a table in which symbols have these shares of 2^log states, none of them 0 or -1. */
function fseDescription(shares: readonly number[], log: number): readonly number[] {
  let [bits, count] = [log - 5, 4];
  let left = 2 ** log;
  for (const share of shares) {
    const width = 32 - Math.clz32(left + 1);
    const spare = 2 ** width - 2 - left;
    const value = share + 1;
    const short = 2 ** (width - 1);
    const [code, used] = value < spare ? [value, width - 1] : [value >= short ? value + spare : value, width];
    bits += code * 2 ** count;
    count += used;
    left -= share;
  }
  return Array.from({ length: Math.ceil(count / 8) }, (_, i) => Math.floor(bits / 2 ** (8 * i)) & 255);
}
