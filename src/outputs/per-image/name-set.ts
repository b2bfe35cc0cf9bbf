import { createHash } from 'node:crypto';

/**
 * A set of names, for many millions: it keeps a number of 53 bits for each, in open addressing with linear probing. It may take a
 * name for another one: among a million names, with a probability of 1 in 18,000.
 */
export class NameSet {
  #slots = new Float64Array(2 ** 10); // 0: empty
  #size = 0;

  /** @returns false if the name was there */
  add(name: string): boolean {
    const key = keyOf(name);
    const slot = this.#slotOf(key);
    if (this.#slots[slot] === key) return false;
    this.#slots[slot] = key;
    this.#size++;
    if (2 * this.#size > this.#slots.length) this.#grow();
    return true;
  }

  has(name: string): boolean {
    const key = keyOf(name);
    return this.#slots[this.#slotOf(key)] === key;
  }

  /** Returns the slot where the key is, or would be. */
  #slotOf(key: number): number {
    const mask = this.#slots.length - 1;
    let slot = (key % 2 ** 32) & mask;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const keys = this.#slots;
    this.#slots = new Float64Array(2 * keys.length);
    for (const key of keys) if (key !== 0) this.#slots[this.#slotOf(key)] = key;
  }
}

const KEY_BYTES = 6;

/** Returns a positive number of 53 bits. */
function keyOf(name: string): number {
  const digest = createHash('sha1').update(name).digest();
  return digest.readUIntBE(0, KEY_BYTES) * 32 + (digest.readUInt8(KEY_BYTES) % 31) + 1;
}
