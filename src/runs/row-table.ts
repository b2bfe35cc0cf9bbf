const KEY_WORDS = 2; // 32 bits each
const EMPTY = 0xffffffff;

/**
 * A hash table from keys to rows of a ledger, for many millions of rows: 12-byte slots, two to four times as many as rows,
 * with open addressing and linear probing.
 */
export class RowTable {
  readonly #keys: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #mask: number;

  /** @param capacity the most keys to be added, up to 2^30 */
  constructor(capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * capacity)));
    this.#keys = new Uint32Array(slots * KEY_WORDS);
    this.#rows = new Uint32Array(slots).fill(EMPTY);
    this.#mask = slots - 1;
  }

  /** Adds a key; an existing key keeps its row. */
  add(key: bigint, row: number): void {
    const slot = this.#slotOf(key);
    if (this.#rows[slot] !== EMPTY) return;
    this.#keys[slot * KEY_WORDS] = low(key);
    this.#keys[slot * KEY_WORDS + 1] = high(key);
    this.#rows[slot] = row;
  }

  /** Returns the first row added under the key. */
  find(key: bigint): number | undefined {
    const row = this.#rows[this.#slotOf(key)];
    return row === EMPTY ? undefined : row;
  }

  /** Returns the slot where the key is, or would be. */
  #slotOf(key: bigint): number {
    const [a, b] = [low(key), high(key)];
    let slot = a & this.#mask;
    while (
      this.#rows[slot] !== EMPTY &&
      !(this.#keys[slot * KEY_WORDS] === a && this.#keys[slot * KEY_WORDS + 1] === b)
    ) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }
}

const low = (key: bigint) => Number(key & 0xffffffffn);
const high = (key: bigint) => Number(key >> 32n);
