import { type FileMetaData, parquetReadObjects, parquetSchema } from 'hyparquet';
import { FormatError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import { decompress } from './decompress.js';
import { readMetadata, rowsIn } from './footer.js';

/** A value of a row, as JSON can hold it. */
export type Scalar = string | number | boolean | null;

/** The rows of a Parquet file in its columns of single values: text, numbers, booleans, dates. */
export interface ParquetRows {
  readonly columns: readonly string[];
  /** Yields the values of rows in the order of the columns. @throws FormatError if the file is damaged */
  readonly read: (columns: readonly string[]) => AsyncGenerator<readonly Scalar[]>;
}

const ROWS_AT_ONCE = 65_536;

const CODECS = ['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW'] as const;

const compressors = Object.fromEntries(
  CODECS.map((codec) => [codec, (bytes: Uint8Array, size: number) => decompress(codec, bytes, size)]),
);

/**
 * Reads the metadata of a Parquet file, to read its rows in pieces of one row group or less.
 *
 * @param size of the file in bytes
 * @throws FormatError if it is no Parquet file, or damaged
 * @throws what `read` throws
 */
export async function openRows(read: ReadAt, size: number): Promise<ParquetRows> {
  const metadata = await readMetadata(read, size);
  rowsIn(metadata);
  const slice = async (start: number, end = size) => {
    const bytes = await read(start, end - start);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  };
  const file = { byteLength: size, slice };
  const days = dayColumns(metadata);
  return {
    columns: scalarColumns(metadata),
    async *read(columns) {
      let first = 0;
      for (const group of metadata.row_groups) {
        const end = first + Number(group.num_rows);
        for (let row = first; row < end; row += ROWS_AT_ONCE) {
          const range = { rowStart: row, rowEnd: Math.min(end, row + ROWS_AT_ONCE) };
          const rows = await parquetReadObjects({
            file,
            metadata,
            columns: [...columns],
            compressors,
            ...range,
          }).catch((cause: unknown) => {
            throw new FormatError(`rows ${range.rowStart} to ${range.rowEnd - 1} cannot be read`, { cause });
          });
          for (const one of rows) yield columns.map((name) => scalar(one[name], days.has(name)));
        }
        first = end;
      }
    },
  };
}

/** Returns the columns without structure, and without bytes. */
function scalarColumns(metadata: FileMetaData): readonly string[] {
  return parquetSchema(metadata)
    .children.filter(({ element, children }) => {
      const { repetition_type, type, logical_type, converted_type } = element;
      const isBinary = type === 'BYTE_ARRAY' && logical_type === undefined && converted_type === undefined;
      return children.length === 0 && repetition_type !== 'REPEATED' && !isBinary;
    })
    .map(({ element }) => element.name);
}

/** Returns the columns of dates without a time. */
function dayColumns(metadata: FileMetaData): ReadonlySet<string> {
  const days = metadata.schema.filter(
    ({ logical_type, converted_type }) => logical_type?.type === 'DATE' || converted_type === 'DATE',
  );
  return new Set(days.map(({ name }) => name));
}

/** Integers that a JavaScript number cannot hold become text, and dates ISO 8601. */
function scalar(value: unknown, isDay: boolean): Scalar {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date)
    return isDay ? value.toISOString().slice(0, 'YYYY-MM-DD'.length) : value.toISOString();
  return JSON.stringify(value);
}
