import { FormatError, InputError } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { withColumns } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { DAMAGED_HINT, failureOf } from './archive.js';
import { openArchive } from './archive-file.js';
import { ImageColumnError } from './parquet-column.js';
import { columnValues, ParquetColumns } from './parquet-columns.js';
import { ParquetRow, rowFailure } from './parquet-row.js';
import type { ParquetTable } from './parquet-table.js';
import type { Source, WalkOptions } from './source.js';

/** A Parquet file with an image in each row. Ids are `photos.parquet/ROW`. Walking it reads its metadata only. */
export const parquet: Source = {
  name: 'Parquet file',
  takes: ({ name, found }) => found.kind === 'file' && isNamedAsParquet(name),
  async *items({ name, found }, walk) {
    const target = await walk.targets.ofFound(name, found);
    let table: ParquetTable;
    try {
      table = await openTable(name, walk);
    } catch (error) {
      yield new BrokenPath(name, rowFailure(error), target);
      return;
    }
    const { columns = [], onNote } = walk;
    const onProblem = (problem: string) => onNote?.(`${name}: ${problem}`);
    const values = columns.length > 0 ? columnValues(name, table, columns, onProblem) : undefined;
    try {
      for (let row = 0; row < table.rows; row++) {
        walk.signal?.throwIfAborted();
        const item = new ParquetRow({ name, path: name, target }, row, table);
        const { value } = (await values?.next()) ?? {};
        yield value ? withColumns(item, value) : item;
      }
    } finally {
      await values?.return(undefined);
    }
  },
  async columns({ name }, walk) {
    try {
      const found = await ParquetColumns.open(name, await openTable(name, walk));
      await found.close();
      return found.names;
    } catch (error) {
      rowFailure(error); // a row says why
      return [];
    }
  },
  async mistake({ name }, options) {
    try {
      await openTable(name, options);
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

export const isNamedAsParquet = (name: string): boolean => name.toLowerCase().endsWith(PARQUET);

/**
 * Opens a Parquet file by its path. The reader of the format is loaded only now: most jobs do without.
 *
 * @throws ImageRefusal if it cannot be opened
 * @throws FormatError if it is no Parquet file
 * @throws ImageColumnError if it is not clear which column has the images
 */
export async function openTable(
  path: string,
  { imageColumn }: Pick<WalkOptions, 'imageColumn'>,
): Promise<ParquetTable> {
  const { ParquetTable } = await import('./parquet-table.js');
  const file = await openArchive(path);
  try {
    return await ParquetTable.open(file, imageColumn);
  } finally {
    await file.close();
  }
}
