import { withoutQuery } from '../address.js';
import { FormatError, InputError } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { withColumns } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { DAMAGED_HINT, failureOf } from './archive-failure.js';
import { ImageColumnError } from './parquet-column.js';
import { columnValues, ParquetColumns } from './parquet-columns.js';
import { ParquetRow, rowFailure } from './parquet-row.js';
import type { ParquetTable } from './parquet-table.js';
import type { Source, Walk } from './source.js';

/** A Parquet file with an image in each row. Ids are `photos.parquet/ROW`. Walking it reads its metadata only. */
export const parquet: Source = {
  name: 'Parquet file',
  takes: ({ path, found }) => (found.kind === 'file' || found.kind === 'object') && isNamedAsParquet(path),
  async *items({ name, path, found }, walk) {
    const target = await walk.targets.ofFound(path, found);
    let table: ParquetTable;
    try {
      table = await openTable(path, walk);
    } catch (error) {
      yield new BrokenPath(name, rowFailure(error), target);
      return;
    }
    walk.onCount?.('parquetFiles', 1);
    walk.onCount?.('rowGroups', table.rowGroups);
    const { columns = [], onNote, storage } = walk;
    const onProblem = (problem: string) => onNote?.(`${name}: ${problem}`);
    const values =
      columns.length > 0 ? columnValues(path, table, columns, { storage, onProblem }) : undefined;
    try {
      for (let row = 0; row < table.rows; row++) {
        walk.signal?.throwIfAborted();
        walk.onCount?.('parquetRows', 1);
        const item = new ParquetRow({ name, path, target }, row, table, storage);
        const { value } = (await values?.next()) ?? {};
        yield value ? withColumns(item, value) : item;
      }
    } finally {
      await values?.return(undefined);
    }
  },
  async columns({ path }, walk) {
    try {
      const found = await ParquetColumns.open(path, await openTable(path, walk), walk.storage);
      await found.close();
      return found.names;
    } catch (error) {
      if (error instanceof ImageRefusal) return 'unknown';
      rowFailure(error); // a row says why
      return [];
    }
  },
  async mistake({ name, path }, options) {
    try {
      await openTable(path, options);
      return undefined;
    } catch (error) {
      if (error instanceof ImageRefusal) return undefined; // a row says why it cannot be read
      if (error instanceof ImageColumnError)
        return new InputError(`${name} ${error.reason}`, { hint: error.hint, cause: error });
      if (!(error instanceof FormatError)) return void failureOf(error);
      return new InputError(`${name} is not a Parquet file that halonet can read: ${error.message}`, {
        hint: DAMAGED_HINT,
        cause: error,
      });
    }
  },
};

export const PARQUET = '.parquet';

export const isNamedAsParquet = (name: string): boolean => withoutQuery(name).toLowerCase().endsWith(PARQUET);

/**
 * Opens a Parquet file by its path. The reader of the format is loaded only now: most jobs do without.
 *
 * @throws ImageRefusal if it cannot be opened
 * @throws FormatError if it is no Parquet file
 * @throws ImageColumnError if it is not clear which column has the images
 */
export async function openTable(
  path: string,
  { imageColumn, storage }: Pick<Walk, 'imageColumn' | 'storage'>,
): Promise<ParquetTable> {
  const { ParquetTable } = await import('./parquet-table.js');
  const file = await storage.openArchive(path);
  try {
    return await ParquetTable.open(file, imageColumn);
  } finally {
    await file.close();
  }
}
