import { BLOCK_TYPES, LARGEST_BLOCK } from './block.js';
import { expect } from './damaged.js';
import type { HuffmanTable } from './huffman.js';
import { readLiterals } from './literals.js';
import { readSequences, type SequenceTables } from './sequences.js';

const LEAST_ROOM = 2 ** 20; // bytes of output between moves of the window
const READ_AHEAD = 4; // bytes behind a block that its reader may look at

/** Decompresses the blocks of one frame. It never makes more of a block than the format allows, whatever the block states. */
export class BlockDecoder {
  readonly #window: number;
  readonly #largest: number; // bytes of a block
  #history = new Uint8Array(0);
  #length = 0; // of the history
  #huffman: HuffmanTable | undefined;
  #tables: SequenceTables | undefined;
  // the last offsets, the latest first
  #first = 1;
  #second = 4;
  #third = 8;

  /** @param window bytes before a block that it may refer to */
  constructor(window: number) {
    this.#window = window;
    this.#largest = Math.min(window, LARGEST_BLOCK);
  }

  /**
   * @param type of the block, and `size` as its header states it: of what an RLE block becomes, otherwise of the content
   * @returns the output, valid until the next call
   * @throws DamagedZstdError
   */
  decode(type: number, content: Uint8Array, size: number): Uint8Array {
    this.#makeRoom();
    const start = this.#length;
    if (type === BLOCK_TYPES.compressed) {
      const block = new Uint8Array(content.byteLength + READ_AHEAD);
      block.set(content);
      this.#decompress(block, content.byteLength);
    } else {
      if (type === BLOCK_TYPES.raw) this.#history.set(content, start);
      else this.#history.fill(content[0] as number, start, start + size);
      this.#length += size;
    }
    return this.#history.subarray(start, this.#length);
  }

  /** Makes room for one more block: grows the history, or drops what lies before the window. */
  #makeRoom(): void {
    const needed = this.#length + this.#largest;
    if (needed <= this.#history.byteLength) return;
    const most = this.#window + Math.max(LEAST_ROOM, this.#window >> 2);
    if (needed <= most) {
      const larger = new Uint8Array(Math.min(most, Math.max(2 * needed, LARGEST_BLOCK)));
      larger.set(this.#history.subarray(0, this.#length));
      this.#history = larger;
      return;
    }
    this.#history.copyWithin(0, this.#length - this.#window, this.#length);
    this.#length = this.#window;
  }

  #decompress(block: Uint8Array, size: number): void {
    expect(size > 0, 'a compressed block has no content');
    const { bytes, end, table } = readLiterals(block, size, this.#huffman);
    this.#huffman = table;
    const limit = this.#length + this.#largest;
    let used = 0; // literals
    const copyLiterals = (count: number) => {
      expect(used + count <= bytes.byteLength && this.#length + count <= limit, 'a block is too long');
      if (count > SHORT) this.#history.set(bytes.subarray(used, used + count), this.#length);
      else for (let i = 0; i < count; i++) this.#history[this.#length + i] = bytes[used + i] as number;
      used += count;
      this.#length += count;
    };
    this.#tables = readSequences(block, end, size, this.#tables, (literals, offset, match) => {
      copyLiterals(literals);
      this.#copyMatch(this.#offsetOf(offset, literals), match, limit);
    });
    copyLiterals(bytes.byteLength - used);
  }

  /** Returns the offset that a number stands for, and remembers it. */
  #offsetOf(coded: number, literals: number): number {
    const which = literals === 0 ? coded : coded - 1; // of the earlier ones
    if (coded <= 3 && which === 0) return this.#first;
    let offset = coded - 3;
    if (coded <= 3) offset = which === 1 ? this.#second : which === 2 ? this.#third : this.#first - 1;
    if (coded > 3 || which !== 1) this.#third = this.#second;
    this.#second = this.#first;
    this.#first = offset;
    return offset;
  }

  #copyMatch(offset: number, count: number, limit: number): void {
    const history = this.#history;
    const from = this.#length - offset;
    expect(offset > 0 && from >= 0 && offset <= this.#window, 'a sequence refers to what is not there');
    expect(this.#length + count <= limit, 'a block is too long');
    if (offset >= count && count > SHORT) history.copyWithin(this.#length, from, from + count);
    else for (let i = 0; i < count; i++) history[this.#length + i] = history[from + i] as number;
    this.#length += count;
  }
}

const SHORT = 24; // bytes that a loop copies faster than a call
