import type { BackwardBits } from './backward-bits.js';
import { expect } from './damaged.js';

/** A decoding table of finite state entropy. https://datatracker.ietf.org/doc/html/rfc8878#section-4.1 */
export interface FseTable {
  readonly log: number; // bits of a state
  readonly symbols: Uint8Array; // by state
  readonly widths: Uint8Array; // bits to read for the next state
  readonly bases: Uint16Array; // to which these bits are added
}

/** Makes the table of symbols with these shares of 2^log states; -1 stands for less than one. @throws DamagedZstdError */
export function fseTable(shares: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = shares.map((share) => Math.abs(share));
  let high = size;
  for (const [symbol, share] of shares.entries()) if (share === -1) symbols[--high] = symbol;
  const step = (size >> 1) + (size >> 3) + 3;
  let place = 0;
  for (const [symbol, share] of shares.entries()) {
    for (let i = 0; i < share; i++) {
      symbols[place] = symbol;
      do place = (place + step) & (size - 1);
      while (place >= high);
    }
  }
  expect(place === 0, 'the shares of an FSE table do not add up');
  const widths = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const count = next[symbol] as number;
    next[symbol] = count + 1;
    const width = log - (31 - Math.clz32(count));
    widths[state] = width;
    bases[state] = (count << width) - size;
  }
  return { log, symbols, widths, bases };
}

/** A table of one symbol, which takes no bits. */
export const singleTable = (symbol: number): FseTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  widths: Uint8Array.of(0),
  bases: Uint16Array.of(0),
});

/**
 * Reads a table description.
 *
 * @param limits the most bits of a state, and the highest symbol
 * @returns the table, and where its description ends
 * @throws DamagedZstdError
 */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: { readonly log: number; readonly symbol: number },
): { readonly table: FseTable; readonly end: number } {
  let at = start * 8; // bit
  const peek = (count: number) => {
    const byte = at >> 3;
    const word = (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16);
    return (word >> (at & 7)) & ((1 << count) - 1);
  };
  const log = peek(4) + 5;
  at += 4;
  expect(log <= limits.log, 'an FSE table is too large');
  const shares: number[] = [];
  for (let left = 1 << log; left > 0; ) {
    expect(shares.length <= limits.symbol && at < end * 8, 'the description of an FSE table does not end');
    const width = 32 - Math.clz32(left + 1);
    const short = (1 << (width - 1)) - 1;
    const spare = (1 << width) - 2 - left; // values that take one bit less
    let value = peek(width);
    at += width;
    if ((value & short) < spare) {
      value &= short;
      at--;
    } else if (value > short) value -= spare;
    shares.push(value - 1);
    left -= Math.abs(value - 1);
    if (value === 1) at = passZeros();
  }
  function passZeros(): number {
    for (;;) {
      const zeros = peek(2);
      at += 2;
      for (let i = 0; i < zeros; i++) shares.push(0);
      if (zeros < 3) return at;
      expect(at < end * 8, 'the description of an FSE table does not end');
    }
  }
  const last = (at + 7) >> 3;
  expect(shares.length <= limits.symbol + 1 && last <= end, 'the description of an FSE table is damaged');
  return { table: fseTable(shares, log), end: last };
}

/** A state that reads its way through a table. */
export class FseState {
  readonly #table: FseTable;
  #state: number;

  constructor(table: FseTable, bits: BackwardBits) {
    this.#table = table;
    this.#state = bits.read(table.log);
  }

  get symbol(): number {
    return this.#table.symbols[this.#state] as number;
  }

  advance(bits: BackwardBits): void {
    const { widths, bases } = this.#table;
    this.#state = (bases[this.#state] as number) + bits.read(widths[this.#state] as number);
  }
}
