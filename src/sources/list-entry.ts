import { isUtf8 } from 'node:buffer';
import type { ImageFailure } from '../errors.js';

/** An entry of a list: a path, or why it cannot be one. */
export interface ListEntry {
  readonly path: string; // as reported
  readonly failure?: ImageFailure;
}

// No system accepts longer paths: the longest, of 32,767 UTF-16 units on Windows, has at most 98,301 bytes of UTF-8.
const LONGEST_PATH = 2 ** 17; // bytes
const SHOWN = 200; // bytes of a longer one

const CR = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** Collects the bytes of one entry at a time. It never holds more than the longest path, however long the entry. */
export class EntryBytes {
  readonly #bytes = Buffer.alloc(LONGEST_PATH);
  #length = 0; // of the entry, including bytes not held

  add(part: Uint8Array): void {
    const room = Math.max(0, LONGEST_PATH - this.#length);
    this.#bytes.set(part.subarray(0, room), Math.min(this.#length, LONGEST_PATH));
    this.#length += part.byteLength;
  }

  startsWith(beginning: Uint8Array): boolean {
    return this.#held.subarray(0, beginning.byteLength).equals(beginning);
  }

  /** @returns the entry as a line, without the CR of a CRLF; undefined for a blank one */
  takeLine(isFirst: boolean): ListEntry | undefined {
    const line = this.#held;
    const start = isFirst && this.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.byteLength : 0;
    const end = line.at(-1) === CR ? line.byteLength - 1 : line.byteLength;
    const entry = this.#entry(line.subarray(start, end));
    return entry.path.trim() === '' ? undefined : entry;
  }

  /** @returns the entry unchanged, as between NULs; undefined for an empty one */
  takeWhole(): ListEntry | undefined {
    return this.#length === 0 ? undefined : this.#entry(this.#held);
  }

  get #held(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #entry(bytes: Buffer): ListEntry {
    const length = this.#length;
    this.#length = 0;
    if (length > LONGEST_PATH) return { path: `${beginningOf(bytes)}…`, failure: tooLong(length) };
    const path = bytes.toString();
    return isUtf8(bytes) ? { path } : { path, failure: NOT_UTF8 };
  }
}

/** Returns the beginning of a path in whole characters: the cut may fall inside one. */
function beginningOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, SHOWN), { stream: true });
}

const NOT_UTF8: ImageFailure = { code: 'invalid_name', message: 'the path is not valid UTF-8' };

const tooLong = (bytes: number): ImageFailure => ({
  code: 'invalid_name',
  message: `the path has ${bytes} bytes, more than any system takes`,
});
