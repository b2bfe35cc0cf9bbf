import type { DecodedArray } from 'hyparquet';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { FormatError } from '../../errors.js';
import type { PageDecoder } from './column-reader.js';
import { decompress } from './decompress.js';
import type { ParquetLeaf } from './footer.js';
import { isDictionaryCoded, type Page } from './pages.js';
import { decode, encodedValues, guarded, hybrid, lookUp, unpack, viewOf } from './values.js';

/** A value of a row, as JSON can hold it. */
export type Scalar = string | number | boolean | null;

/**
 * Decodes a page of single values: one for each row.
 *
 * @param dictionary decoded, if the page has indices of one
 * @throws FormatError if it is damaged, or encoded in a way that is not known
 */
function decodeScalars(
  page: Page,
  packed: Uint8Array,
  codec: string,
  leaf: ParquetLeaf,
  dictionary: readonly Scalar[] | undefined,
): readonly Scalar[] {
  return guarded(() => {
    const { defined, count, values } = encodedValues(page, packed, codec, leaf);
    const decoded = isDictionaryCoded(page.encoding)
      ? lookUp(values, count, dictionary)
      : scalars(encoded(page.encoding, values, count, leaf), leaf);
    if (decoded.length !== count) throw new FormatError(`a page has ${decoded.length} of ${count} values`);
    if (defined === undefined) return decoded;
    let next = 0;
    return defined.map((level) => (level === leaf.level ? (decoded[next++] as Scalar) : null));
  });
}

/**
 * Decodes a dictionary.
 *
 * @throws FormatError if it is damaged
 */
function decodeDictionary(
  page: Page,
  packed: Uint8Array,
  codec: string,
  leaf: ParquetLeaf,
): readonly Scalar[] {
  return guarded(() => scalars(plain(decompress(codec, packed, page.size), page.values, leaf), leaf));
}

/** How the pages of single values are decoded. */
export const SCALARS: PageDecoder<Scalar, Scalar> = { page: decodeScalars, dictionary: decodeDictionary };

function encoded(encoding: string, bytes: Uint8Array, count: number, leaf: ParquetLeaf): DecodedArray {
  const { type, type_length: length } = leaf.element;
  if (count === 0) return [];
  if (encoding === 'PLAIN') return plain(bytes, count, leaf);
  if (type === 'BYTE_ARRAY' || encoding === 'DELTA_BYTE_ARRAY')
    return decode(encoding, bytes, count, undefined);
  if (encoding === 'RLE' && type === 'BOOLEAN') {
    const end = 4 + viewOf(bytes).getUint32(0, true);
    return hybrid(bytes.subarray(4, end), 1, count).map((bit) => bit === 1);
  }
  if (encoding === 'DELTA_BINARY_PACKED' && (type === 'INT32' || type === 'INT64')) {
    const numbers = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
    unpack(bytes, 0, numbers);
    return numbers;
  }
  if (encoding === 'BYTE_STREAM_SPLIT' && type !== undefined) {
    expectBytes(bytes, count * widthOf(leaf));
    return byteStreamSplit({ view: viewOf(bytes), offset: 0 }, count, type, length);
  }
  throw new FormatError(`encoded as ${encoding}, which halonet does not read`);
}

function plain(bytes: Uint8Array, count: number, leaf: ParquetLeaf): DecodedArray {
  const { type, type_length: length } = leaf.element;
  if (type === undefined) throw new FormatError('a column has no type');
  if (count === 0) return [];
  if (type === 'BYTE_ARRAY') return decode('PLAIN', bytes, count, undefined);
  expectBytes(bytes, Math.ceil(count * widthOf(leaf)));
  return readPlain({ view: viewOf(bytes), offset: 0 }, type, count, length);
}

const WIDTHS: Readonly<Record<string, number>> = {
  BOOLEAN: 1 / 8,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
};

/** Returns the bytes of a value. */
const widthOf = ({ element: { type, type_length: length = 0 } }: ParquetLeaf) => WIDTHS[type ?? ''] ?? length;

/** @throws FormatError if a page has fewer bytes than its values */
function expectBytes(bytes: Uint8Array, needed: number): void {
  if (bytes.byteLength < needed)
    throw new FormatError(`a page is damaged: it has ${bytes.byteLength} of ${needed} bytes`);
}

/**
 * Converts values by their logical types. Integers that a JavaScript number cannot hold become text, and dates ISO 8601; those that
 * `Date` cannot hold become null.
 */
function scalars(values: DecodedArray, { element }: ParquetLeaf): readonly Scalar[] {
  const decoder = { element, parsers: DEFAULT_PARSERS, schemaPath: [] };
  const isDay = element.logical_type?.type === 'DATE' || element.converted_type === 'DATE';
  const converted = convert(values, decoder as unknown as Parameters<typeof convert>[1]);
  return Array.from(converted, (value) => scalar(value, isDay));
}

function scalar(value: unknown, isDay: boolean): Scalar {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return null;
    return isDay ? value.toISOString().slice(0, 'YYYY-MM-DD'.length) : value.toISOString();
  }
  return JSON.stringify(value);
}
