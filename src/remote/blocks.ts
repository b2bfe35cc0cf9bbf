import type { ReadAt } from '../formats/read-at.js';
import type { ObjectRanges } from './store.js';

const BLOCK = 4 * 2 ** 20; // bytes
const KEPT = 16; // blocks

/**
 * Blocks of objects, kept while they are likely to be read again: the walk of an archive and the reading of its members share them,
 * so that each is requested about once.
 */
export class Blocks {
  readonly #blocks = new Map<string, Promise<Buffer>>(); // the least recently used first
  #objects = 0;

  /** Returns a reader of an object through its blocks. While it reads forwards, the next block is requested in advance. */
  reader({ identity: { bytes: size }, read }: ObjectRanges): ReadAt {
    const object = this.#objects++;
    const last = Math.ceil(size / BLOCK) - 1;
    let furthest = -1; // block of those read without a gap
    const block = (index: number) =>
      this.#get(`${object} ${index}`, () => read(index * BLOCK, Math.min(BLOCK, size - index * BLOCK)));
    return async (position, length) => {
      const end = Math.min(size, position + length);
      if (position >= end) return Buffer.alloc(0);
      if (end - position > 2 * BLOCK) return read(position, end - position); // it would drive the others out
      const from = Math.floor(position / BLOCK);
      const to = Math.floor((end - 1) / BLOCK);
      const parts = Array.from({ length: to - from + 1 }, (_, i) => block(from + i));
      if (from <= furthest + 1 && to > furthest) {
        furthest = to;
        if (to > 0 && to < last) block(to + 1).catch(() => {}); // the read of that block reports it
      } else if (from > furthest + 1) furthest = to;
      const blocks = await Promise.all(parts);
      const start = from * BLOCK;
      const pieces = blocks.map((bytes, i) => {
        const at = start + i * BLOCK;
        return bytes.subarray(Math.max(0, position - at), end - at);
      });
      return Buffer.concat(pieces); // a copy: a part would keep all of its block in memory
    };
  }

  #get(key: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.#blocks.get(key);
    this.#blocks.delete(key); // to the end
    const block = known ?? make();
    this.#blocks.set(key, block);
    if (known === undefined) {
      block.catch(() => this.#blocks.get(key) === block && this.#blocks.delete(key)); // it may be read another time
      for (const oldest of this.#blocks.keys()) {
        if (this.#blocks.size <= KEPT) break;
        this.#blocks.delete(oldest);
      }
    }
    return block;
  }
}
