import { isAddress } from '../address.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem, OpenItem } from '../item.js';
import { expectImageSize, ImageRefusal } from '../refusal.js';
import { failureOf } from './archive-failure.js';
import { memberIdentity } from './member-identity.js';
import type { NamedArchive } from './member-item.js';
import { ImageColumnError } from './parquet-column.js';
import type { ParquetTable } from './parquet-table.js';
import type { Storage } from './storage.js';

/** A row of a Parquet file. It holds no bytes, since memory may hold millions of rows. */
export class ParquetRow implements FoundItem {
  readonly status = 'found';
  readonly id: string;
  readonly target: string;
  readonly #path: string; // of the file
  readonly #row: number;
  readonly #table: ParquetTable;
  readonly #storage: Storage;

  constructor({ name, path, target }: NamedArchive, row: number, table: ParquetTable, storage: Storage) {
    this.#storage = storage;
    this.id = `${name}/${row}`;
    this.target = `${target}/${row}`;
    this.#path = path;
    this.#row = row;
    this.#table = table;
  }

  get remote() {
    return isAddress(this.#path) ? 'part' : undefined;
  }

  async identify(): Promise<FileIdentity | undefined> {
    const file = await this.#storage.identify(this.#path);
    return file && this.#identityIn(file);
  }

  async open(): Promise<OpenItem> {
    const file = await this.#storage.openArchive(this.#path);
    return {
      identity: this.#identityIn(file.identity),
      read: async (most, take) => {
        try {
          const image = await this.#table.image(file, this.#row);
          expectImageSize('the image', image.byteLength, most);
          await take?.(image.byteLength);
          return image.slice(); // so that its page can leave memory
        } catch (error) {
          const { code, message } = rowFailure(error);
          throw new ImageRefusal(code, message);
        } finally {
          await file.close().catch(() => {}); // nothing was written
        }
      },
    };
  }

  /** The size of an image is known only once its page has been read. The column is part of the identity: another one has other images. */
  #identityIn(file: FileIdentity): FileIdentity {
    return memberIdentity(file, { header: this.#row, size: 0 }, this.#table.column);
  }
}

/**
 * Returns the failure of a Parquet file, or of a row, that cannot be read.
 *
 * @throws any other error
 */
export function rowFailure(error: unknown): ReturnType<typeof failureOf> {
  if (error instanceof ImageColumnError)
    return { code: 'unsupported_format', message: `the file ${error.reason}` };
  return failureOf(error);
}
