import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import type { FoundItem } from '../item.js';
import type { NamedArchive } from './archive.js';
import { openTable } from './parquet.js';
import { ParquetRow, rowFailure } from './parquet-row.js';
import type { ParquetTable } from './parquet-table.js';
import type { Storage } from './storage.js';

/** Finds rows of Parquet files. It remembers the last file, until that changes. */
export class RowFinder {
  readonly #imageColumn: string | undefined;
  readonly #storage: Storage;
  #last:
    | {
        readonly path: string;
        readonly identity: FileIdentity | undefined;
        readonly table: Promise<ParquetTable | undefined>;
      }
    | undefined;

  /** @param imageColumn the column of the images; by default, the only one that may be */
  constructor(imageColumn: string | undefined, storage: Storage) {
    this.#imageColumn = imageColumn;
    this.#storage = storage;
  }

  /**
   * @param row its number, as ids have it
   * @returns undefined if there is no such row, or the file cannot be read
   */
  async find(file: NamedArchive, row: string): Promise<FoundItem | undefined> {
    if (!/^(?:0|[1-9]\d{0,14})$/.test(row)) return undefined;
    const table = await this.#open(file.path, await this.#storage.identify(file.path));
    return table !== undefined && Number(row) < table.rows
      ? new ParquetRow(file, Number(row), table, this.#storage)
      : undefined;
  }

  #open(path: string, identity: FileIdentity | undefined): Promise<ParquetTable | undefined> {
    const known = this.#last?.path === path ? this.#last.identity : undefined;
    if (
      this.#last === undefined ||
      known === undefined ||
      identity === undefined ||
      !isSameIdentity(known, identity)
    ) {
      const table = openTable(path, { imageColumn: this.#imageColumn, storage: this.#storage }).catch(
        (error: unknown) => {
          rowFailure(error); // throws errors that are not of the file
          return undefined;
        },
      );
      this.#last = { path, identity, table };
    }
    return this.#last.table;
  }
}
