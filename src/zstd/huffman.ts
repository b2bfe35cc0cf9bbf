import { BackwardBits } from './backward-bits.js';
import { expect } from './damaged.js';
import { FseState, readFseTable } from './fse.js';

/** A Huffman code as a table by the next bits. https://datatracker.ietf.org/doc/html/rfc8878#section-4.2 */
export interface HuffmanTable {
  readonly log: number; // bits that select an entry
  readonly entries: Uint16Array; // the symbol, and from bit 8 on how many bits its code has
}

const LARGEST_LOG = 11;
const MOST_WEIGHTS = 255; // the last one follows from the others
const DIRECT = 128; // from this header on, weights are numbers of four bits

/** @returns the table, and where its description ends @throws DamagedZstdError */
export function readHuffmanTable(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly table: HuffmanTable; readonly end: number } {
  expect(start < end, 'a Huffman table is missing');
  const header = bytes[start] as number;
  const from = start + 1;
  const to = from + (header < DIRECT ? header : Math.ceil((header - DIRECT + 1) / 2));
  expect(to <= end, 'a Huffman table is cut off');
  const weights =
    header < DIRECT ? packedWeights(bytes, from, to) : directWeights(bytes, from, header - DIRECT + 1);
  return { table: tableOf(weights), end: to };
}

const directWeights = (bytes: Uint8Array, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ((bytes[from + (i >> 1)] as number) >> (i % 2 === 0 ? 4 : 0)) & 15);

/** Weights coded by two states in turn. */
function packedWeights(bytes: Uint8Array, from: number, to: number): readonly number[] {
  const { table, end } = readFseTable(bytes, from, to, { log: 6, symbol: LARGEST_LOG });
  const bits = new BackwardBits(bytes, end, to);
  let [now, other] = [new FseState(table, bits), new FseState(table, bits)];
  expect(bits.left >= 0, 'the weights of a Huffman table are cut off');
  const weights: number[] = [];
  for (;;) {
    expect(weights.length < MOST_WEIGHTS, 'a Huffman table has too many weights');
    weights.push(now.symbol);
    now.advance(bits);
    if (bits.left < 0) return [...weights, other.symbol];
    [now, other] = [other, now];
  }
}

function tableOf(given: readonly number[]): HuffmanTable {
  const sum = given.reduce((total, weight) => total + (weight === 0 ? 0 : 2 ** (weight - 1)), 0);
  const log = sum === 0 ? 0 : 32 - Math.clz32(sum);
  const left = 2 ** log - sum;
  expect(sum > 0 && log <= LARGEST_LOG && given.length <= MOST_WEIGHTS, 'a Huffman table is damaged');
  expect((left & (left - 1)) === 0, 'the weights of a Huffman table do not add up');
  const weights = [...given, 32 - Math.clz32(left)];
  const entries = new Uint16Array(2 ** log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    for (const [symbol, own] of weights.entries()) {
      if (own !== weight) continue;
      entries.fill(symbol | ((log + 1 - weight) << 8), at, at + 2 ** (weight - 1));
      at += 2 ** (weight - 1);
    }
  }
  expect(at === entries.length, 'a Huffman table is damaged');
  return { log, entries };
}

/**
 * Decodes a stream of bits, `bytes` from `start` to `end`, which must fill a range of the output exactly.
 *
 * @param bytes four more than there are
 * @throws DamagedZstdError
 */
export function decodeHuffman(
  { log, entries }: HuffmanTable,
  { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  output: Uint8Array,
  [from, to]: readonly [number, number],
): void {
  const bits = new BackwardBits(bytes, start, end);
  const mask = (1 << log) - 1;
  let at = bits.at;
  let i = from;
  for (const least = start * 8 + log; i < to && at >= least; i++) {
    const low = at - log;
    const byte = low >> 3;
    const word =
      (bytes[byte] as number) | ((bytes[byte + 1] as number) << 8) | ((bytes[byte + 2] as number) << 16);
    const entry = entries[(word >>> (low & 7)) & mask] as number;
    output[i] = entry;
    at -= entry >> 8;
  }
  bits.skip(bits.at - at);
  for (; i < to; i++) {
    const entry = entries[bits.peek(log)] as number;
    output[i] = entry;
    bits.skip(entry >> 8);
  }
  expect(bits.left === 0, 'a stream of literals has another length than stated');
}
