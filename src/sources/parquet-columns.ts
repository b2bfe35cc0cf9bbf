import type { ParquetRows } from '../formats/parquet/rows.js';
import type { Columns } from '../rows.js';
import type { ArchiveFile } from './archive-file.js';
import { rowFailure } from './parquet-row.js';
import type { ParquetTable } from './parquet-table.js';
import type { Storage } from './storage.js';

/** The columns that come with the images of a Parquet file: single values, and the paths beside the images. */
export async function columnsOfTable(
  path: string,
  table: ParquetTable,
  storage: Storage,
): Promise<readonly string[]> {
  const file = await storage.openArchive(path);
  try {
    const { columns } = await openColumns(file);
    const { pathColumn } = table;
    return pathColumn === undefined || columns.includes(pathColumn) ? columns : [...columns, pathColumn];
  } finally {
    await file.close();
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
  let file: ArchiveFile | undefined;
  let row = 0;
  try {
    file = await storage.openArchive(path);
    const { columns, read } = await openColumns(file);
    const single = names.filter((name) => columns.includes(name));
    const { pathColumn } = table;
    const withPath = pathColumn !== undefined && names.includes(pathColumn) && !single.includes(pathColumn);
    for await (const values of read(single)) {
      const found: Columns = Object.fromEntries(single.map((name, i) => [name, values[i] ?? null]));
      yield withPath ? { ...found, [pathColumn]: await table.path(file, row) } : found;
      row++;
    }
  } catch (error) {
    onProblem(`no columns from row ${row} on: ${rowFailure(error).message}`);
  } finally {
    await file?.close();
  }
}

async function openColumns({ read, identity }: ArchiveFile): Promise<ParquetRows> {
  const { openRows } = await import('../formats/parquet/rows.js');
  return openRows(read, identity.bytes);
}
