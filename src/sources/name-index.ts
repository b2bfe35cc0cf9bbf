import { createHash } from 'node:crypto';

const LEAST_SLOTS = 1024;
const EMPTY = -1;
const KEY_BYTES = 6; // a number holds them exactly

/**
 * Where the members of an archive are, by name: for a million members it takes 32 MB, however long the names. Different names may share
 * a key, so what it finds must be checked.
 */
export class NameIndex {
  #keys = new Float64Array(LEAST_SLOTS).fill(EMPTY);
  #places = new Float64Array(LEAST_SLOTS);
  #count = 0;

  /** Adds a name; one that is known keeps its place. */
  add(name: string, place: number): void {
    if (2 * (this.#count + 1) > this.#keys.length) this.#grow();
    if (this.#insert(keyOf(name), place)) this.#count++;
  }

  /** Returns the place of the first member of a name, or of one with the same key; undefined if there is none. */
  find(name: string): number | undefined {
    const slot = this.#slotOf(keyOf(name));
    return this.#keys[slot] === EMPTY ? undefined : this.#places[slot];
  }

  #insert(key: number, place: number): boolean {
    const slot = this.#slotOf(key);
    if (this.#keys[slot] !== EMPTY) return false;
    this.#keys[slot] = key;
    this.#places[slot] = place;
    return true;
  }

  /** Returns the slot where a key is, or would be. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = key % this.#keys.length;
    while (this.#keys[slot] !== EMPTY && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, places] = [this.#keys, this.#places];
    this.#keys = new Float64Array(2 * keys.length).fill(EMPTY);
    this.#places = new Float64Array(2 * keys.length);
    keys.forEach((key, slot) => {
      if (key !== EMPTY) this.#insert(key, places[slot] as number);
    });
  }
}

const keyOf = (name: string): number => createHash('sha1').update(name).digest().readUIntLE(0, KEY_BYTES);
