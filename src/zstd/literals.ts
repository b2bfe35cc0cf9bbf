import { LARGEST_BLOCK } from './block.js';
import { expect } from './damaged.js';
import { decodeHuffman, type HuffmanTable, readHuffmanTable } from './huffman.js';

const RAW = 0;
const RLE = 1;
const WITH_TABLE = 2;

/** The literals of a block. */
export interface Literals {
  readonly bytes: Uint8Array;
  readonly end: number; // of their section in the block
  readonly table: HuffmanTable | undefined; // for later blocks
}

/**
 * Reads the literals at the beginning of a block.
 *
 * @param block with four more bytes behind its `size`
 * @param table of the block before
 * @throws DamagedZstdError
 */
export function readLiterals(block: Uint8Array, size: number, table: HuffmanTable | undefined): Literals {
  const type = (block[0] as number) & 3;
  return type === RAW || type === RLE ? plain(block, size, type, table) : coded(block, size, type, table);
}

function plain(block: Uint8Array, size: number, type: number, table: HuffmanTable | undefined): Literals {
  const format = ((block[0] as number) >> 2) & 3;
  const width = format === 1 ? 2 : format === 3 ? 3 : 1;
  const count = numberAt(block, width) >> (width === 1 ? 3 : 4);
  expect(count <= LARGEST_BLOCK, 'a block has too many literals');
  const end = width + (type === RAW ? count : 1);
  expect(end <= size, 'the literals of a block are cut off');
  const bytes =
    type === RAW ? block.subarray(width, end) : new Uint8Array(count).fill(block[width] as number);
  return { bytes, end, table };
}

function coded(block: Uint8Array, size: number, type: number, earlier: HuffmanTable | undefined): Literals {
  const format = ((block[0] as number) >> 2) & 3;
  const width = [3, 3, 4, 5][format] as number;
  const bits = [10, 10, 14, 18][format] as number;
  const fields = Math.floor(numberAt(block, width) / 16);
  const count = fields % 2 ** bits;
  const end = width + Math.floor(fields / 2 ** bits);
  expect(count <= LARGEST_BLOCK && end <= size, 'the literals of a block are cut off');
  const read = type === WITH_TABLE ? readHuffmanTable(block, width, end) : { table: earlier, end: width };
  const { table } = read;
  expect(table !== undefined, 'the first block refers to an earlier Huffman table');
  const bytes = new Uint8Array(count);
  if (format === 0) decodeHuffman(table, { bytes: block, start: read.end, end }, bytes, [0, count]);
  else decodeFour(table, block, read.end, end, bytes);
  return { bytes, end, table };
}

const JUMPS = 6; // bytes: the lengths of the first three streams

function decodeFour(
  table: HuffmanTable,
  block: Uint8Array,
  from: number,
  end: number,
  bytes: Uint8Array,
): void {
  const quarter = (bytes.byteLength + 3) >> 2;
  expect(from + JUMPS <= end && 3 * quarter <= bytes.byteLength, 'the literals of a block are cut off');
  let start = from + JUMPS;
  for (let i = 0; i < 4; i++) {
    const jump = from + 2 * i;
    const stop = i === 3 ? end : start + ((block[jump] as number) | ((block[jump + 1] as number) << 8));
    expect(stop <= end, 'the literals of a block are cut off');
    const to = i === 3 ? bytes.byteLength : (i + 1) * quarter;
    decodeHuffman(table, { bytes: block, start, end: stop }, bytes, [i * quarter, to]);
    start = stop;
  }
}

const numberAt = (block: Uint8Array, width: number) =>
  Array.from(block.subarray(0, width)).reduceRight((sum, byte) => sum * 256 + byte, 0);
