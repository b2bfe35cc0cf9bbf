import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import { type FoundItem, withColumns } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import type { NamedArchive } from './member-item.js';
import { openTable } from './parquet.js';
import { ParquetColumns } from './parquet-columns.js';
import { ParquetRow, rowFailure } from './parquet-row.js';
import type { ParquetTable } from './parquet-table.js';
import type { Storage } from './storage.js';

/** A Parquet file in which rows are found. */
interface Opened {
  readonly path: string;
  readonly identity: FileIdentity | undefined;
  readonly table: ParquetTable | undefined; // undefined if it cannot be read
  readonly columns: ParquetColumns | undefined; // if any are asked for
}

/** Finds rows of Parquet files. It remembers the last file, until that changes. Close it when done. */
export class RowFinder {
  readonly #imageColumn: string | undefined;
  readonly #storage: Storage;
  readonly #columns: readonly string[];
  #last: Opened | undefined;

  /**
   * @param imageColumn the column of the images; by default, the only one that may be
   * @param columns to find too
   */
  constructor(imageColumn: string | undefined, storage: Storage, columns: readonly string[]) {
    this.#imageColumn = imageColumn;
    this.#storage = storage;
    this.#columns = columns;
  }

  /**
   * @param row its number, as ids have it
   * @returns undefined if there is no such row, or the file is damaged
   * @throws ImageRefusal if the file cannot be read
   */
  async find(file: NamedArchive, row: string): Promise<FoundItem | undefined> {
    if (!/^(?:0|[1-9]\d{0,14})$/.test(row)) return undefined;
    const { table, columns } = await this.#open(file.path);
    if (table === undefined || Number(row) >= table.rows) return undefined;
    const item = new ParquetRow(file, Number(row), table, this.#storage);
    const values = await columns?.of(Number(row), this.#columns).catch(nothingIfDamaged);
    return values === undefined ? item : withColumns(item, values);
  }

  async close(): Promise<void> {
    const last = this.#last;
    this.#last = undefined;
    await last?.columns?.close();
  }

  async #open(path: string): Promise<Opened> {
    const storage = this.#storage;
    const identity = await storage.identify(path);
    const known = this.#last?.path === path ? this.#last : undefined;
    if (known?.identity !== undefined && identity !== undefined && isSameIdentity(known.identity, identity))
      return known;
    await this.close();
    const table = await openTable(path, { imageColumn: this.#imageColumn, storage }).catch(nothingIfDamaged);
    const hasColumns = table !== undefined && this.#columns.length > 0;
    const columns = hasColumns
      ? await ParquetColumns.open(path, table, storage).catch(nothingIfDamaged)
      : undefined;
    this.#last = { path, identity, table, columns };
    return this.#last;
  }
}

/** @throws errors that are not about damage */
function nothingIfDamaged(error: unknown): undefined {
  if (error instanceof ImageRefusal) throw error;
  rowFailure(error);
}
