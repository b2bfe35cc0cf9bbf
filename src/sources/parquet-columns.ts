import type { ParquetRows } from '../formats/parquet/rows.js';
import type { Columns } from '../rows.js';
import type { ArchiveFile } from './archive-file.js';
import { rowFailure } from './parquet-row.js';
import type { ParquetTable } from './parquet-table.js';
import type { Storage } from './storage.js';

/** The columns that come with the images of a Parquet file: single values, and the paths beside the images. Close it when done. */
export class ParquetColumns {
  readonly names: readonly string[];
  readonly #file: ArchiveFile;
  readonly #table: ParquetTable;
  readonly #rows: ParquetRows;

  private constructor(file: ArchiveFile, table: ParquetTable, rows: ParquetRows) {
    this.#file = file;
    this.#table = table;
    this.#rows = rows;
    const { pathColumn } = table;
    const hasPath = pathColumn !== undefined && !rows.columns.includes(pathColumn);
    this.names = hasPath ? [...rows.columns, pathColumn] : rows.columns;
  }

  /**
   * @throws ImageRefusal if the file cannot be opened
   * @throws FormatError if it is no Parquet file
   */
  static async open(path: string, table: ParquetTable, storage: Storage): Promise<ParquetColumns> {
    const { openRows } = await import('../formats/parquet/rows.js');
    const file = await storage.openArchive(path);
    try {
      return new ParquetColumns(file, table, await openRows(file.read, file.identity.bytes));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Yields the values of some columns for each row. @throws FormatError if they cannot be read */
  async *all(names: readonly string[]): AsyncGenerator<Columns> {
    const single = names.filter((name) => this.#rows.columns.includes(name));
    const others = names.filter((name) => !single.includes(name));
    let row = 0;
    for await (const values of this.#rows.read(single)) {
      const found: Columns = Object.fromEntries(single.map((name, i) => [name, values[i] ?? null]));
      yield others.length === 0 ? found : { ...found, ...(await this.of(row, others)) };
      row++;
    }
  }

  /** Returns the values of some columns in a row. @throws FormatError if they cannot be read */
  async of(row: number, names: readonly string[]): Promise<Columns> {
    const found: [string, Columns[string]][] = [];
    for (const name of names.filter((one) => this.names.includes(one))) {
      const isSingle = this.#rows.columns.includes(name);
      const value = isSingle ? await this.#rows.value(name, row) : await this.#table.path(this.#file, row);
      found.push([name, value]);
    }
    return Object.fromEntries(found);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Yields the values of some columns for each row. From a row on that cannot be read, there are none.
 *
 * @param options `onProblem` is called with why they end
 */
export async function* columnValues(
  path: string,
  table: ParquetTable,
  names: readonly string[],
  { storage, onProblem }: { readonly storage: Storage; readonly onProblem: (problem: string) => void },
): AsyncGenerator<Columns> {
  let columns: ParquetColumns | undefined;
  let row = 0;
  try {
    columns = await ParquetColumns.open(path, table, storage);
    for await (const values of columns.all(names)) {
      yield values;
      row++;
    }
  } catch (error) {
    onProblem(`no columns from row ${row} on: ${rowFailure(error).message}`);
  } finally {
    await columns?.close();
  }
}
