import { crc32 } from 'node:zlib';
import type { PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { FormatError, TruncatedError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import type { ColumnChunk } from './footer.js';
import { thriftEnd } from './thrift.js';

/** A page of a column chunk: where its bytes are, and the fields of its header. */
export interface Page {
  readonly at: number; // of the bytes after its header
  readonly packed: number; // bytes
  readonly size: number; // bytes once decompressed
  readonly crc: number | undefined; // of the packed bytes, signed
  readonly values: number; // nulls included; in a dictionary, its entries
  readonly encoding: string; // as Parquet names it: PLAIN
  readonly levels: PageLevels | undefined; // of a page of version 2
}

/** The fields of a version 2 page header. */
interface PageLevels {
  readonly repetition: number; // bytes before the definition levels
  readonly definition: number; // bytes of these
  readonly isCompressed: boolean; // the values after them
}

/** Whether the values of a page are indices of a dictionary. */
export const isDictionaryCoded = (encoding: string): boolean => encoding.endsWith('_DICTIONARY');

/** The pages of a column chunk. */
export interface ChunkPages {
  readonly dictionary: Page | undefined;
  readonly data: readonly (Page & { readonly first: number })[]; // first: row of the row group
}

const FIRST_READ = 2 ** 10; // bytes to try for a header
const MAX_HEADER = 2 ** 24; // bytes, statistics included
const MAX_ROWS = 2 ** 24; // of one page
const LARGEST = 2 ** 31 - 1; // bytes of a page

/**
 * Reads the headers of all pages of a column chunk, and none of their bytes. No column here is repeated, so the values of a page are its
 * rows.
 *
 * @throws FormatError if a header is damaged, or the pages do not have the rows of the chunk
 */
export async function pagesOf(read: ReadAt, { start, end, rows }: ColumnChunk): Promise<ChunkPages> {
  let dictionary: Page | undefined;
  const data: (Page & { readonly first: number })[] = [];
  let first = 0;
  for (let at = start; at < end && first < rows; ) {
    const { header, length } = await headerAt(read, at, end);
    const page = pageOf(header, at + length);
    at = page.at + page.packed;
    if (at > end) throw new FormatError('a page ends beyond its column chunk');
    if (header.type === 'DICTIONARY_PAGE') dictionary = page;
    if (header.type !== 'DATA_PAGE' && header.type !== 'DATA_PAGE_V2') continue;
    if (page.values > Math.min(rows - first, MAX_ROWS))
      throw new FormatError(
        `a page states ${page.values} rows; the row group has ${rows}, and halonet reads at most ${MAX_ROWS} in a page`,
      );
    if (page.values > 0) data.push({ ...page, first });
    first += page.values;
  }
  if (first !== rows) throw new FormatError(`the pages have ${first} of the ${rows} rows of the row group`);
  return { dictionary, data };
}

async function headerAt(read: ReadAt, at: number, end: number) {
  for (let tried = FIRST_READ; ; tried *= 32) {
    const bytes = await read(at, Math.min(tried, end - at));
    const length = thriftEnd(bytes);
    if (length !== undefined) return { header: parsed(bytes), length };
    if (bytes.byteLength < tried || tried >= MAX_HEADER)
      throw new FormatError('the header of a page is damaged');
  }
}

function parsed(bytes: Uint8Array): PageHeader {
  try {
    return parquetHeader({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 });
  } catch (cause) {
    throw new FormatError('the header of a page is damaged', { cause });
  }
}

function pageOf(header: PageHeader, at: number): Page {
  const { type, compressed_page_size: packed, uncompressed_page_size: size, crc } = header;
  const v2 = type === 'DATA_PAGE_V2' ? header.data_page_header_v2 : undefined;
  const counts = v2 ?? (type === 'DICTIONARY_PAGE' ? header.dictionary_page_header : header.data_page_header);
  const values = counts?.num_values ?? 0;
  const levels = v2 && {
    repetition: v2.repetition_levels_byte_length,
    definition: v2.definition_levels_byte_length,
    isCompressed: v2.is_compressed ?? true,
  };
  if (crc !== undefined && !Number.isInteger(crc)) throw new FormatError('the header of a page is damaged');
  const sizes = [packed, size, values, levels?.repetition ?? 0, levels?.definition ?? 0];
  if (sizes.some((one) => !Number.isInteger(one) || one < 0 || one > LARGEST))
    throw new FormatError('the header of a page is damaged');
  if (levels !== undefined && levels.repetition + levels.definition > Math.min(packed, size))
    throw new FormatError('the header of a page is damaged');
  return { at, packed, size, crc, values, encoding: counts?.encoding ?? 'an unknown encoding', levels };
}

/**
 * Reads the packed bytes of a page.
 *
 * @throws FormatError if the file ends within it, or its CRC-32, which few programs write, is wrong
 */
export async function packedBytes(read: ReadAt, { at, packed, crc }: Page): Promise<Uint8Array> {
  const bytes = await read(at, packed);
  if (bytes.byteLength < packed) throw new TruncatedError('the file ends within a page');
  if (crc !== undefined && crc32(bytes) !== crc >>> 0) throw new FormatError('the CRC-32 of a page is wrong');
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}
