import type { DecodedArray } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { ARROW_SCHEMA, arrowSchema } from './arrow-schema.js';
import {
  type ColumnChunk,
  isVector,
  type RowGroup,
  type ScalarColumn,
  schemaOf,
  type WrittenColumn,
} from './columns.js';
import { vectorChunk } from './vector-chunk.js';

/** The values of a column in one row group: an array of single values, or the bytes of vectors, [rows, length]. */
export type ColumnValues = DecodedArray | Uint8Array;

/** A row group as written, as JSON: what the footer says about it. */
export type WrittenGroup = { readonly end: number; readonly group: unknown };

/**
 * Encodes a Parquet file row group by row group. A file can go on after any row group, given what was returned for those before it; the
 * bytes depend on the values and on where they are cut alone.
 */
export class RowGroups {
  readonly #columns: readonly WrittenColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;

  /**
   * @param earlier the row groups that the file has already
   * @param createdBy the program, for readers
   */
  constructor(columns: readonly WrittenColumn[], createdBy: string, earlier: readonly WrittenGroup[]) {
    this.#columns = columns;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(columns),
      codec: 'SNAPPY',
      createdBy,
      kvMetadata: [{ key: ARROW_SCHEMA, value: arrowSchema(columns) }],
    });
    const last = earlier.at(-1);
    if (last === undefined) return;
    this.#take();
    this.#bytes.offset = last.end;
    this.#writer.row_groups = earlier.map(({ group }) => fromJson(group) as RowGroup);
    this.#writer.num_rows = this.#writer.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  }

  /** Returns the bytes before the first row group; empty if the file has some. */
  start(): Uint8Array {
    return this.#take();
  }

  /**
   * Encodes a row group.
   * @param values of the columns, in their order, all with the same number of rows, at least one; the first column has single values
   * @returns its bytes in pieces, and what to go on after
   */
  add(values: readonly ColumnValues[]): {
    readonly pieces: readonly Uint8Array[];
    readonly written: WrittenGroup;
  } {
    const start = this.#bytes.offset;
    const pieces: Uint8Array[] = [];
    const chunks: ColumnChunk[] = [];
    // In the order of the schema: some readers take a row group to lie between its first and its last column.
    for (const [i, column] of this.#columns.entries()) {
      if (isVector(column)) {
        const {
          pieces: more,
          bytes,
          chunk,
        } = vectorChunk(column, values[i] as Uint8Array, this.#bytes.offset);
        pieces.push(...more);
        chunks.push(chunk);
        this.#bytes.offset += bytes;
      } else {
        chunks.push(...this.#scalarChunks(column, values[i] as DecodedArray));
        pieces.push(this.#take());
      }
    }
    const rows = BigInt(values[0]?.length ?? 0);
    const sum = (numbers: readonly (bigint | undefined)[]) =>
      numbers.reduce<bigint>((a, b = 0n) => a + b, 0n);
    const group: RowGroup = {
      columns: chunks,
      num_rows: rows,
      total_byte_size: sum(chunks.map(({ meta_data }) => meta_data?.total_uncompressed_size)),
      total_compressed_size: BigInt(this.#bytes.offset - start),
    };
    this.#writer.row_groups.push(group);
    this.#writer.num_rows += rows;
    return { pieces, written: { end: this.#bytes.offset, group: toJson(group) } };
  }

  /** Encodes a column of single values, which hyparquet-writer does as a row group. */
  #scalarChunks(column: ScalarColumn, data: DecodedArray): readonly ColumnChunk[] {
    const { num_rows: rows } = this.#writer;
    void this.#writer.write({ columnData: [sourceOf(column, data)], rowGroupSize: data.length });
    const group = this.#writer.row_groups.pop();
    this.#writer.num_rows = rows;
    return group?.columns ?? [];
  }

  /** Returns the footer, the last bytes of the file. */
  end(): Uint8Array {
    void this.#writer.finish(); // without a stream, both are synchronous
    return this.#take();
  }

  /** Returns the bytes encoded since the last call. */
  #take(): Uint8Array {
    const bytes = Uint8Array.from(new Uint8Array(this.#bytes.buffer, 0, this.#bytes.index));
    this.#bytes.index = 0;
    return bytes;
  }
}

/** Text has no statistics: their only use would be to skip row groups by path. */
const sourceOf = ({ name, type }: ScalarColumn, data: DecodedArray) => ({
  name,
  data,
  encoding: type === 'label' ? ('RLE_DICTIONARY' as const) : ('PLAIN' as const),
  statistics: type !== 'text' && type !== 'label',
  offsetIndex: false, // it would be written at the end of the file, and known only then
});

/** Returns metadata as JSON, which has no 64-bit integers, negative zero or infinities; statistics have them all. */
const toJson = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, one: unknown) => {
      if (typeof one === 'bigint') return { int64: String(one) } satisfies Marked;
      if (typeof one !== 'number' || (Number.isFinite(one) && !Object.is(one, -0))) return one;
      return { double: Object.is(one, -0) ? '-0' : String(one) } satisfies Marked;
    }),
  );

/** Reverses `toJson`. */
function fromJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, one: unknown) => {
    const { int64, double }: Partial<Marked> = typeof one === 'object' && one !== null ? one : {};
    if (int64 !== undefined) return BigInt(int64);
    return double === undefined ? one : Number(double);
  });
}

/** A number that JSON lacks. */
interface Marked {
  readonly int64?: string;
  readonly double?: string;
}
