import { isUtf8 } from 'node:buffer';
import type { ImageFailure } from '../errors.js';

/** An entry of a list: a path, or why it cannot be one. */
export interface ListEntry {
  readonly path: string; // as it is reported
  readonly failure?: ImageFailure;
}

// No system takes a longer path: the longest, Windows' 32,767 units of UTF-16, has 98,301 bytes of UTF-8 at most.
const LONGEST_PATH = 2 ** 17; // bytes
const SHOWN = 200; // bytes of a longer one

const CR = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** The bytes of one entry after another. Of an entry that is longer than any path, no more than a path is held. */
export class EntryBytes {
  readonly #bytes = Buffer.alloc(LONGEST_PATH);
  #length = 0; // of the entry, those that are not held included

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

  /** @returns the entry as it stands, which is how it stands between NULs; undefined for an empty one */
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

/** Whole characters alone: the cut may go through one. */
function beginningOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, SHOWN), { stream: true });
}

const NOT_UTF8: ImageFailure = { code: 'invalid_name', message: 'the path is not valid UTF-8' };

const tooLong = (bytes: number): ImageFailure => ({
  code: 'invalid_name',
  message: `the path has ${bytes} bytes, more than any system takes`,
});
