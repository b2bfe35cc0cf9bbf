import { BLOCK_TYPES, LARGEST_BLOCK } from './block.js';
import { expect } from './damaged.js';

// https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1.1
export const FRAME_MAGIC = 0xfd2fb528;
export const MAGIC_BYTES = 4;
export const BLOCK_HEADER_BYTES = 3;
export const CHECKSUM_BYTES = 4;
const IS_SINGLE_SEGMENT = 0x20;
const RESERVED = 0x08;
export const HAS_CHECKSUM = 0x04; // bit of the descriptor, which follows the magic number
const DICTIONARY_BYTES = [0, 1, 2, 4] as const; // by the lowest bits of the descriptor
const SIZE_BYTES = [0, 2, 4, 8] as const; // by its highest bits
const SKIPPABLE = 0x184d2a50; // and the 15 numbers after it: section 3.1.2
const SKIPPABLE_BITS = 0xfffffff0;

/** The largest window of a frame that the program zstd decompresses by default, in bytes. */
export const LARGEST_WINDOW = 128 * 2 ** 20;

export const isSkippable = (magic: number): boolean => (magic & SKIPPABLE_BITS) >>> 0 === SKIPPABLE;

/** What the header of a frame states. */
export interface Frame {
  readonly window: number; // bytes before a block that it may refer to
  readonly size: number | undefined; // bytes that it decompresses to
  readonly hasChecksum: boolean;
}

/** Returns how many bytes of a frame header follow its descriptor. */
export function headerRest(descriptor: number): number {
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
  const size = SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3] || Number(isSingle);
  return Number(!isSingle) + DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3] + size;
}

/**
 * @param rest the bytes after the descriptor
 * @param largest window
 * @throws DamagedZstdError also for a frame that needs a dictionary or a larger window
 */
export function readFrameHeader(descriptor: number, rest: Buffer, largest = LARGEST_WINDOW): Frame {
  expect((descriptor & RESERVED) === 0, 'the header of a frame is damaged');
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
  const dictionary = Number(!isSingle);
  const end = dictionary + DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  expect(!rest.subarray(dictionary, end).some((byte) => byte !== 0), 'a frame needs a dictionary');
  const size = sizeIn(rest.subarray(end));
  const window = isSingle ? (size ?? 0) : windowOf(rest.readUInt8());
  expect(window <= largest, `a frame needs a window of ${window} bytes; halonet uses at most ${largest}`);
  return { window, size, hasChecksum: (descriptor & HAS_CHECKSUM) !== 0 };
}

function sizeIn(field: Buffer): number | undefined {
  if (field.byteLength === 0) return undefined;
  if (field.byteLength === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, field.byteLength) + (field.byteLength === 2 ? 256 : 0);
}

const windowOf = (byte: number) => 2 ** (10 + (byte >> 3)) * (1 + (byte & 7) / 8);

/** What the header of a block states. */
export interface BlockHeader {
  readonly isLast: boolean;
  readonly type: number; // one of BLOCK_TYPES
  readonly size: number; // bytes: of what an RLE block becomes, otherwise of its content
  readonly content: number; // bytes that follow
}

/** @throws DamagedZstdError */
export function readBlockHeader(bytes: Buffer, { window }: Frame): BlockHeader {
  const fields = bytes.readUIntLE(0, BLOCK_HEADER_BYTES);
  const [type, size] = [(fields >> 1) & 3, fields >> 3];
  const isKnown = type <= BLOCK_TYPES.compressed && size <= Math.min(window, LARGEST_BLOCK);
  expect(isKnown, 'the header of a block is damaged');
  return { isLast: (fields & 1) === 1, type, size, content: type === BLOCK_TYPES.rle ? 1 : size };
}
