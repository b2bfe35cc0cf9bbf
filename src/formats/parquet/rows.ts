import { type FileMetaData, parquetSchema } from 'hyparquet';
import { FormatError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import { ColumnReader } from './column-reader.js';
import { type ColumnChunk, chunksOf, leafOf, type ParquetLeaf, readMetadata, rowsIn } from './footer.js';
import { isDictionaryCoded, packedBytes, pagesOf } from './pages.js';
import { SCALARS, type Scalar } from './scalars.js';

/** The rows of a Parquet file in its columns of single values: text, numbers, booleans, dates. */
export interface ParquetRows {
  readonly columns: readonly string[];
  /** Yields the values of rows in the order of the columns. @throws FormatError if the file is damaged */
  readonly read: (columns: readonly string[]) => AsyncGenerator<readonly Scalar[]>;
  /** Returns the value of a column in a row. @throws FormatError if it cannot be read */
  readonly value: (column: string, row: number) => Promise<Scalar>;
}

/**
 * Reads the metadata of a Parquet file, to read its rows page by page: memory holds one page of each column.
 *
 * @param size of the file in bytes
 * @throws FormatError if it is no Parquet file, or damaged
 * @throws what `read` throws
 */
export async function openRows(read: ReadAt, size: number): Promise<ParquetRows> {
  const metadata = await readMetadata(read, size);
  const rows = rowsIn(metadata);
  const leaves = scalarLeaves(metadata);
  const readers = new Map<string, ColumnReader<Scalar, Scalar>>();
  const columnOf = (name: string) => {
    const leaf = leaves.find(({ path: [one] }) => one === name);
    if (leaf === undefined) throw new FormatError(`it has no column ${JSON.stringify(name)}`);
    return { leaf, chunks: chunksOf(metadata, leaf, size) };
  };
  return {
    columns: leaves.map(({ path: [name = ''] }) => name),
    async *read(columns) {
      const cursors = columns.map((name) => {
        const { leaf, chunks } = columnOf(name);
        return new Cursor(name, pagesOfColumn(read, chunks, leaf));
      });
      for (let row = 0; row < rows; row++) {
        for (const cursor of cursors) if (cursor.isAtEnd) await cursor.turn();
        yield cursors.map((cursor) => cursor.next());
      }
    },
    value(name, row) {
      let reader = readers.get(name);
      if (reader === undefined) {
        const { leaf, chunks } = columnOf(name);
        reader = new ColumnReader(SCALARS, leaf, chunks);
        readers.set(name, reader);
      }
      return reader.value(read, row);
    },
  };
}

/** A place in a column that moves from row to row. */
class Cursor {
  readonly #name: string;
  readonly #pages: AsyncGenerator<readonly Scalar[]>;
  #page: readonly Scalar[] = [];
  #at = 0;

  constructor(name: string, pages: AsyncGenerator<readonly Scalar[]>) {
    this.#name = name;
    this.#pages = pages;
  }

  /** Whether the next value is on another page. */
  get isAtEnd(): boolean {
    return this.#at === this.#page.length;
  }

  /** Reads the next page. @throws FormatError naming the column */
  async turn(): Promise<void> {
    try {
      const { value, done } = await this.#pages.next();
      if (done) throw new FormatError('it has too few values');
      this.#page = value;
      this.#at = 0;
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new FormatError(`column ${JSON.stringify(this.#name)} cannot be read: ${cause.message}`, {
        cause,
      });
    }
  }

  next(): Scalar {
    return this.#page[this.#at++] ?? null;
  }
}

/** Yields the values of each page of a column; no page is empty. */
async function* pagesOfColumn(
  read: ReadAt,
  chunks: readonly ColumnChunk[],
  leaf: ParquetLeaf,
): AsyncGenerator<readonly Scalar[]> {
  for (const chunk of chunks) {
    if (chunk.rows === 0) continue;
    if (chunk.failure !== undefined) throw new FormatError(chunk.failure);
    const { codec } = chunk;
    const { dictionary, data } = await pagesOf(read, chunk);
    let entries: readonly Scalar[] | undefined;
    for (const page of data) {
      if (dictionary !== undefined && isDictionaryCoded(page.encoding))
        entries ??= SCALARS.dictionary(dictionary, await packedBytes(read, dictionary), codec, leaf);
      yield SCALARS.page(page, await packedBytes(read, page), codec, leaf, entries);
    }
  }
}

/** Returns the columns without structure, and without bytes. */
function scalarLeaves(metadata: FileMetaData): readonly ParquetLeaf[] {
  return parquetSchema(metadata)
    .children.filter(({ element, children }) => {
      const { repetition_type, type, logical_type, converted_type } = element;
      const isBinary = type === 'BYTE_ARRAY' && logical_type === undefined && converted_type === undefined;
      return children.length === 0 && repetition_type !== 'REPEATED' && !isBinary;
    })
    .map((node) => leafOf([node]));
}
