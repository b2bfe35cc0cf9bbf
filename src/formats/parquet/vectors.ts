import { parquetSchema } from 'hyparquet';
import { FormatError } from '../../errors.js';
import { BYTES_PER_ELEMENT } from '../../tensor.js';
import type { ReadAt } from '../read-at.js';
import { readMetadata, rowsIn } from './footer.js';
import { packedBytes, pagesOf } from './pages.js';
import { VECTOR_PATH, type VectorColumn } from './writing/columns.js';

/**
 * Yields the vectors of a column that halonet wrote, page by page: little-endian elements, [rows, length].
 *
 * @param size of the file in bytes
 * @throws FormatError if the file has no such column, or is damaged
 * @throws what `read` throws
 */
export async function* readVectors(
  read: ReadAt,
  size: number,
  { name, dtype, length }: VectorColumn,
): AsyncGenerator<Uint8Array> {
  const metadata = await readMetadata(read, size);
  rowsIn(metadata);
  const type = dtype === 'float32' ? 'FLOAT' : 'FIXED_LEN_BYTE_ARRAY';
  const path = [name, ...VECTOR_PATH].join();
  if (!parquetSchema(metadata).children.some(({ element }) => element.name === name))
    throw new FormatError(`it has no column ${JSON.stringify(name)}`);
  for (const { num_rows, columns } of metadata.row_groups) {
    const found = columns.find(({ meta_data: data }) => data?.path_in_schema.join() === path)?.meta_data;
    const values = Number(num_rows) * length;
    if (found === undefined || found.type !== type || found.codec !== 'UNCOMPRESSED')
      throw new FormatError(`column ${JSON.stringify(name)} is not of ${dtype} vectors`);
    if (Number(found.num_values) !== values)
      throw new FormatError(`column ${JSON.stringify(name)} has vectors of another length than ${length}`);
    const start = Number(found.data_page_offset);
    const end = start + Number(found.total_compressed_size);
    const chunk = { first: 0, rows: values, codec: 'UNCOMPRESSED', start, end, failure: undefined };
    const { data } = await pagesOf(read, chunk);
    for (const page of data) {
      const bytes = await packedBytes(read, page);
      const levels = page.levels && page.levels.repetition + page.levels.definition;
      const vectors = bytes.subarray(levels);
      if (levels === undefined || page.encoding !== 'PLAIN')
        throw new FormatError(`column ${JSON.stringify(name)} is encoded in another way than halonet's`);
      if (vectors.byteLength !== page.values * BYTES_PER_ELEMENT[dtype] || page.values % length !== 0)
        throw new FormatError(`a page of column ${JSON.stringify(name)} is damaged`);
      yield vectors;
    }
  }
}
