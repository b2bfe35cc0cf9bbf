import { expect } from './damaged.js';

/**
 * Bits that are read from the end of a range of bytes to its beginning, most significant first. The highest bit set in the last byte
 * marks where they begin. Bits before the first are zeros, and reading them makes `left` negative.
 */
export class BackwardBits {
  readonly #bytes: Uint8Array; // four more than the range has
  readonly #first: number; // bit of `bytes`
  #at: number;

  /** @throws DamagedZstdError without a mark */
  constructor(bytes: Uint8Array, start: number, end: number) {
    const last = bytes[end - 1] ?? 0;
    expect(end > start && last !== 0, 'a stream of bits has no end mark');
    this.#bytes = bytes;
    this.#first = start * 8;
    this.#at = end * 8 - 1 - Math.clz32(last << 24);
  }

  /** The bit of the bytes behind the next one to read. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#at - this.#first;
  }

  /** Returns the next bits without passing over them: 0 to 24. */
  peek(count: number): number {
    const at = this.#at - count;
    const before = this.#first - at;
    if (before <= 0) return (this.#load(at >> 3) >>> (at & 7)) & ((1 << count) - 1);
    if (before >= count) return 0;
    return (this.#load(this.#first >> 3) & ((1 << (count - before)) - 1)) << before;
  }

  skip(count: number): void {
    this.#at -= count;
  }

  /** Reads 0 to 24 bits. */
  read(count: number): number {
    const value = this.peek(count);
    this.#at -= count;
    return value;
  }

  #load(at: number): number {
    const bytes = this.#bytes;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }
}
