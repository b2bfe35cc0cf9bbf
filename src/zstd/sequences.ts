import { BackwardBits } from './backward-bits.js';
import { expect } from './damaged.js';
import { FseState, type FseTable, fseTable, readFseTable, singleTable } from './fse.js';

/** How a kind of code is coded: of literal lengths, offsets or match lengths. */
interface Coding {
  readonly log: number; // the most bits of a state
  readonly symbol: number; // the highest
  readonly usual: FseTable;
}

const ones = (count: number) => Array<number>(count).fill(1);
const twos = (count: number) => Array<number>(count).fill(2);
const rare = (count: number) => Array<number>(count).fill(-1);

// https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1.3.2.2
const LITERAL_SHARES = [4, 3, ...twos(11), ...ones(3), ...twos(9), 3, 2, ...ones(5), ...rare(4)];
const MATCH_SHARES = [1, 4, 3, ...twos(6), ...ones(37), ...rare(7)];
const OFFSET_SHARES = [...ones(6), ...twos(3), ...ones(15), ...rare(5)];

const CODINGS: readonly [Coding, Coding, Coding] = [
  { log: 9, symbol: 35, usual: fseTable(LITERAL_SHARES, 6) },
  { log: 8, symbol: 31, usual: fseTable(OFFSET_SHARES, 5) },
  { log: 9, symbol: 52, usual: fseTable(MATCH_SHARES, 6) },
];

// Bits that follow a code, and the number to which they are added: section 3.1.1.3.2.1.1.
const LITERAL_BITS = Uint8Array.of(
  ...Array(16).fill(0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
);
const MATCH_BITS = Uint8Array.of(
  ...Array(32).fill(0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
);
const LITERAL_BASES = basesOf(LITERAL_BITS, 0);
const MATCH_BASES = basesOf(MATCH_BITS, 3);

function basesOf(bits: Uint8Array, first: number): Uint32Array {
  let base = first;
  return Uint32Array.from(bits, (width) => {
    const own = base;
    base += 2 ** width;
    return own;
  });
}

const LONGEST_OFFSET = 27; // bits: those of the largest window

/** The tables of a block, for later ones: of literal lengths, offsets and match lengths. */
export type SequenceTables = readonly [FseTable, FseTable, FseTable];

/** Copies literals, then bytes from an offset back. The offset is as coded: up to 3 means an earlier one. */
type Execute = (literals: number, offset: number, match: number) => void;

/**
 * Reads the sequences of a block, and executes each.
 *
 * @param block with four more bytes behind its `size`
 * @param tables of the block before
 * @returns the tables for the next block
 * @throws DamagedZstdError
 */
export function readSequences(
  block: Uint8Array,
  start: number,
  size: number,
  tables: SequenceTables | undefined,
  execute: Execute,
): SequenceTables | undefined {
  expect(start < size, 'a block has no sequences');
  const first = block[start] as number;
  const width = first < 128 ? 1 : first < 255 ? 2 : 3;
  const [second, third] = [block[start + 1] as number, block[start + 2] as number];
  const count =
    width === 1 ? first : width === 2 ? (first - 128) * 256 + second : second + third * 256 + 0x7f00;
  if (count === 0) {
    expect(start + 1 === size, 'bytes follow the literals of a block');
    return tables;
  }
  const modes = block[start + width] as number;
  expect(start + width < size && (modes & 3) === 0, 'the sequences of a block are damaged');
  const read = readTables(block, start + width + 1, size, modes, tables);
  executeAll(new BackwardBits(block, read.end, size), count, read.tables, execute);
  return read.tables;
}

const USUAL = 0;
const SINGLE = 1;
const DESCRIBED = 2;

function readTables(
  block: Uint8Array,
  start: number,
  size: number,
  modes: number,
  earlier: SequenceTables | undefined,
): { readonly tables: SequenceTables; readonly end: number } {
  let at = start;
  const tables = CODINGS.map((coding, i) => {
    const mode = (modes >> (6 - 2 * i)) & 3;
    if (mode === USUAL) return coding.usual;
    if (mode === DESCRIBED) {
      const { table, end } = readFseTable(block, at, size, coding);
      at = end;
      return table;
    }
    if (mode === SINGLE) {
      const symbol = block[at++] as number;
      expect(at <= size && symbol <= coding.symbol, 'the sequences of a block are damaged');
      return singleTable(symbol);
    }
    const table = earlier?.[i];
    expect(table !== undefined, 'the first block refers to an earlier table');
    return table;
  });
  return { tables: tables as unknown as SequenceTables, end: at };
}

function executeAll(bits: BackwardBits, count: number, tables: SequenceTables, execute: Execute): void {
  const [lengths, offsets, matches] = tables.map((table) => new FseState(table, bits)) as [
    FseState,
    FseState,
    FseState,
  ];
  for (let i = 1; ; i++) {
    const width = offsets.symbol;
    expect(width <= LONGEST_OFFSET && bits.left >= 0, 'the sequences of a block are damaged');
    const upper = width > 16 ? bits.read(width - 16) : 0;
    const offset = 2 ** width + upper * 2 ** 16 + bits.read(Math.min(16, width));
    const match = (MATCH_BASES[matches.symbol] as number) + bits.read(MATCH_BITS[matches.symbol] as number);
    const literals =
      (LITERAL_BASES[lengths.symbol] as number) + bits.read(LITERAL_BITS[lengths.symbol] as number);
    execute(literals, offset, match);
    if (i === count) break;
    lengths.advance(bits);
    matches.advance(bits);
    offsets.advance(bits);
  }
  expect(bits.left === 0, 'the sequences of a block have another length than stated');
}
