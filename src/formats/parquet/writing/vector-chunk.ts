import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { BYTES_PER_ELEMENT } from '../../../tensor.js';
import { type ColumnChunk, VECTOR_PATH, type VectorColumn } from './columns.js';

const PAGE_BYTES = 2 ** 20; // of values

/** The part of a column of vectors in one row group. */
export interface VectorChunk {
  readonly pieces: readonly Uint8Array[]; // of the file, in order
  readonly bytes: number; // of all pieces
  readonly chunk: ColumnChunk;
}

/**
 * Encodes vectors as pages of plain values. A list of fixed length has the same levels in every row, which are two runs, so a page is a
 * header, these runs, and the vectors as they are; hyparquet-writer encodes the levels element by element, which takes a hundred times as
 * long.
 *
 * @param vectors little-endian elements, [rows, length]
 * @param at where the chunk begins in the file
 */
export function vectorChunk(column: VectorColumn, vectors: Uint8Array, at: number): VectorChunk {
  const { name, dtype, length } = column;
  const rowBytes = length * BYTES_PER_ELEMENT[dtype];
  const rows = vectors.byteLength / rowBytes;
  const pageRows = Math.max(1, Math.floor(PAGE_BYTES / rowBytes));
  const pieces: Uint8Array[] = [];
  for (let first = 0; first < rows; first += pageRows) {
    const count = Math.min(pageRows, rows - first);
    const values = vectors.subarray(first * rowBytes, (first + count) * rowBytes);
    pieces.push(pageStart(count, length, values.byteLength), values);
  }
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  return { pieces, bytes, chunk: chunkOf(name, dtype, rows * length, { at, bytes }) };
}

function chunkOf(
  name: string,
  dtype: VectorColumn['dtype'],
  values: number,
  { at, bytes }: { readonly at: number; readonly bytes: number },
): ColumnChunk {
  return {
    file_offset: BigInt(at),
    meta_data: {
      type: dtype === 'float32' ? 'FLOAT' : 'FIXED_LEN_BYTE_ARRAY',
      encodings: ['RLE', 'PLAIN'],
      path_in_schema: [name, ...VECTOR_PATH],
      codec: 'UNCOMPRESSED',
      num_values: BigInt(values),
      total_uncompressed_size: BigInt(bytes),
      total_compressed_size: BigInt(bytes),
      data_page_offset: BigInt(at),
    },
  };
}

/** Returns the header and the levels of a page. */
function pageStart(rows: number, length: number, valueBytes: number): Uint8Array {
  const repetition = repetitionLevels(rows, length);
  const definition = run(rows * length, 1);
  const size = repetition.byteLength + definition.byteLength + valueBytes;
  const writer = new ByteWriter();
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: size,
    compressed_page_size: size,
    data_page_header_v2: {
      num_values: rows * length,
      num_nulls: 0,
      num_rows: rows,
      encoding: 'PLAIN',
      definition_levels_byte_length: definition.byteLength,
      repetition_levels_byte_length: repetition.byteLength,
      is_compressed: false,
    },
  });
  writer.appendBytes(repetition);
  writer.appendBytes(definition);
  return writer.getBytes();
}

/** Returns the levels of lists of one length: 0 for the first element of each, 1 for the others. */
function repetitionLevels(rows: number, length: number): Uint8Array {
  if (length === 1) return run(rows, 0);
  const one = [...run(1, 0), ...run(length - 1, 1)];
  const levels = new Uint8Array(rows * one.length);
  for (let row = 0; row < rows; row++) levels.set(one, row * one.length);
  return levels;
}

/** Returns a run of one level, of one bit (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). */
function run(count: number, level: 0 | 1): Uint8Array {
  const bytes: number[] = [];
  let rest = count * 2; // the lowest bit tells a run from packed bits
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.from([...bytes, rest, level]);
}
