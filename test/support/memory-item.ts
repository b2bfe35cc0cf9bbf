import type { FileIdentity } from '../../src/file-identity.js';
import type { FoundItem, OpenItem } from '../../src/item.js';
import { ImageRefusal } from '../../src/refusal.js';
import type { Columns } from '../../src/rows.js';

/** An image in memory. */
export class MemoryItem implements FoundItem {
  readonly status = 'found';
  readonly id: string;
  readonly columns: Columns | undefined;
  readonly #bytes: Uint8Array;
  readonly #identity: FileIdentity;

  /** @param modified in nanoseconds, as for a file: distinguishes an image from an earlier one of the same size */
  constructor(id: string, bytes: Uint8Array, modified = 0n, columns?: Columns) {
    this.id = id;
    this.columns = columns;
    this.#bytes = bytes;
    this.#identity = { bytes: bytes.byteLength, modified };
  }

  async identify(): Promise<FileIdentity> {
    return this.#identity;
  }

  async open(): Promise<OpenItem> {
    const bytes = this.#bytes;
    return {
      identity: this.#identity,
      async read(limit) {
        if (bytes.byteLength <= limit) return bytes;
        throw new ImageRefusal('too_large', `the image has ${bytes.byteLength} bytes, beyond ${limit}`);
      },
    };
  }
}
