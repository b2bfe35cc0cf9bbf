import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { FormatError } from '../../errors.js';
import type { PageDecoder } from './column-reader.js';
import { decompress } from './decompress.js';
import type { ParquetLeaf } from './footer.js';
import { isDictionaryCoded, type Page } from './pages.js';
import { readVarint } from './varint.js';

/**
 * Decodes a page of byte strings: for each row its bytes, a view of the page, or the definition level of a null.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 *
 * hyparquet decodes numbers without checking how many a run states, so that is checked first: a few hostile bytes could otherwise fill
 * the memory.
 *
 * @throws FormatError if it is damaged, or encoded in a way that is not known
 */
function decodePage(
  page: Page,
  packed: Uint8Array,
  codec: string,
  leaf: ParquetLeaf,
  dictionary: readonly Uint8Array[] | undefined,
): readonly (Uint8Array | number)[] {
  return guarded(() => {
    const { defined, count, values } = encodedValues(page, packed, codec, leaf);
    const decoded = decode(page.encoding, values, count, dictionary);
    if (defined === undefined) return decoded;
    let next = 0;
    return defined.map((one) => (one === leaf.level ? (decoded[next++] as Uint8Array) : one));
  });
}

/** The values of a page, still encoded. */
interface EncodedValues {
  readonly defined: readonly number[] | undefined; // the definition level of each row; undefined if no row is null
  readonly count: number; // of the values
  readonly values: Uint8Array;
}

/** Decompresses a page, and decodes its levels. @throws FormatError or RangeError if it is damaged */
export function encodedValues(
  page: Page,
  packed: Uint8Array,
  codec: string,
  leaf: ParquetLeaf,
): EncodedValues {
  const { levels, values } = partsOf(page, packed, codec, leaf);
  const defined = levels === undefined ? undefined : hybrid(levels, widthOf(leaf.level), page.values);
  const count = defined === undefined ? page.values : defined.filter((one) => one === leaf.level).length;
  return { defined, count, values };
}

/**
 * Decodes a dictionary of byte strings.
 *
 * @throws FormatError if it is damaged
 */
function decodeDictionary(page: Page, packed: Uint8Array, codec: string): readonly Uint8Array[] {
  return guarded(() => plain(decompress(codec, packed, page.size), page.values));
}

/** How the pages of byte strings are decoded. */
export const BYTES: PageDecoder<Uint8Array | number, Uint8Array> = {
  page: decodePage,
  dictionary: decodeDictionary,
};

/** Views and arrays throw a RangeError for a place beyond the bytes. */
export function guarded<T>(decoding: () => T): T {
  try {
    return decoding();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError('a page is damaged', { cause: error });
  }
}

/** Returns the definition levels of a page, if it has any, and its encoded values. */
function partsOf({ size, levels }: Page, packed: Uint8Array, codec: string, leaf: ParquetLeaf) {
  if (levels !== undefined) {
    const before = levels.repetition + levels.definition;
    const rest = Uint8Array.from(packed.subarray(before));
    const isCompressed = levels.isCompressed && size > before; // no values may be no bytes at all
    return {
      levels: leaf.level === 0 ? undefined : packed.subarray(levels.repetition, before),
      values: isCompressed ? decompress(codec, rest, size - before) : rest,
    };
  }
  const bytes = decompress(codec, packed, size);
  if (leaf.level === 0) return { levels: undefined, values: bytes };
  const end = 4 + viewOf(bytes).getUint32(0, true);
  if (end > bytes.byteLength) throw new FormatError('a page is damaged: its levels end beyond it');
  return { levels: bytes.subarray(4, end), values: bytes.subarray(end) };
}

/** Decodes byte strings. @throws FormatError or RangeError if they are damaged, or encoded in a way that is not known */
export function decode(
  encoding: string,
  bytes: Uint8Array,
  count: number,
  dictionary: readonly Uint8Array[] | undefined,
): Uint8Array[] {
  if (count === 0) return [];
  if (encoding === 'PLAIN') return plain(bytes, count);
  if (isDictionaryCoded(encoding)) return lookUp(bytes, count, dictionary);
  if (encoding === 'DELTA_LENGTH_BYTE_ARRAY') return deltaLength(bytes, count);
  if (encoding === 'DELTA_BYTE_ARRAY') return delta(bytes, count);
  throw new FormatError(`encoded as ${encoding}, which halonet does not read`);
}

/** Looks values up in a dictionary. @throws FormatError or RangeError if their indices are damaged */
export function lookUp<T>(bytes: Uint8Array, count: number, dictionary: readonly T[] = []): T[] {
  const [width = 0] = bytes;
  if (width > 32) throw new FormatError(`a page is damaged: it has indices of ${width} bits`);
  const indices = width === 0 ? new Array<number>(count).fill(0) : hybrid(bytes.subarray(1), width, count);
  return indices.map((index) => {
    const value = dictionary[index];
    if (value === undefined) throw new FormatError(`a page is damaged: its dictionary has no value ${index}`);
    return value;
  });
}

/** Each value with its length before it. */
function plain(bytes: Uint8Array, count: number): Uint8Array[] {
  if (4 * count > bytes.byteLength) throw new FormatError(`a page is damaged: it states ${count} values`);
  const view = viewOf(bytes);
  const values: Uint8Array[] = [];
  for (let at = 0; values.length < count; ) {
    const length = view.getUint32(at, true);
    values.push(slice(bytes, at + 4, length));
    at += 4 + length;
  }
  return values;
}

/** All lengths, then all values. */
function deltaLength(bytes: Uint8Array, count: number): Uint8Array[] {
  const { numbers, end } = numbersAt(bytes, 0, count);
  let at = end;
  return Array.from(numbers, (length) => {
    const value = slice(bytes, at, length);
    at += length;
    return value;
  });
}

const LARGEST = 2 ** 31 - 1; // bytes of all values of a page

/** The lengths that values share with those before, the lengths of the rest, then all rests. */
function delta(bytes: Uint8Array, count: number): Uint8Array[] {
  const prefixes = numbersAt(bytes, 0, count);
  const suffixes = numbersAt(bytes, prefixes.end, count);
  let at = suffixes.end;
  let total = 0;
  let previous: Uint8Array = new Uint8Array();
  return Array.from(suffixes.numbers, (length, i) => {
    const prefix = slice(previous, 0, prefixes.numbers[i] as number);
    const suffix = slice(bytes, at, length);
    at += length;
    total += prefix.byteLength + length;
    if (total > LARGEST) throw new FormatError(`a page has values of more than ${LARGEST} bytes`);
    previous = prefix.byteLength === 0 ? suffix : Buffer.concat([prefix, suffix]);
    return previous;
  });
}

/** Decodes numbers in DELTA_BINARY_PACKED, and returns where they end. */
function numbersAt(bytes: Uint8Array, start: number, count: number) {
  const numbers = new Int32Array(count);
  return { numbers, end: unpack(bytes, start, numbers) };
}

/** Decodes as many numbers in DELTA_BINARY_PACKED as fit. @returns where they end; @throws FormatError or RangeError */
export function unpack(bytes: Uint8Array, start: number, numbers: Int32Array | BigInt64Array): number {
  const count = numbers.length;
  const reader = { view: viewOf(bytes), offset: start };
  const [block, parts, stated] = [varint(reader), varint(reader), varint(reader)];
  const isValid =
    block > 0 && block % 128 === 0 && block <= 2 ** 20 && parts > 0 && block % (32 * parts) === 0;
  if (!isValid || stated !== count) throw new FormatError('a page is damaged: its numbers cannot be read');
  reader.offset = start;
  deltaBinaryUnpack(reader, count, numbers);
  return reader.offset;
}

/** Decodes small numbers in runs and packed bits (RLE). @throws FormatError or RangeError if they are damaged */
export function hybrid(bytes: Uint8Array, width: number, count: number): number[] {
  expectRuns(bytes, width, count);
  const numbers = new Array<number>(count).fill(0);
  readRleBitPackedHybrid({ view: viewOf(bytes), offset: 0 }, width, numbers, bytes.byteLength);
  return numbers;
}

/** @throws FormatError if the runs state more numbers than they may, or too few */
function expectRuns(bytes: Uint8Array, width: number, count: number): void {
  const reader = { view: viewOf(bytes), offset: 0 };
  for (let seen = 0; seen < count; ) {
    const header = varint(reader);
    const isPacked = header % 2 === 1;
    const half = Math.floor(header / 2);
    const numbers = isPacked ? 8 * half : half;
    const padding = isPacked ? 8 * Math.floor((bytes.byteLength - reader.offset) / width) : 0; // at most; DuckDB pads to 256
    if (numbers > count - seen + padding)
      throw new FormatError(`a page is damaged: a run has ${numbers} values`);
    reader.offset += isPacked ? half * width : Math.ceil(width / 8);
    seen += numbers;
  }
}

function varint(reader: { readonly view: DataView; offset: number }): number {
  const value = readVarint(() => reader.view.getUint8(reader.offset++), 5);
  if (value === undefined) throw new FormatError('a page is damaged: a number has no end');
  return value;
}

function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (length < 0 || at + length > bytes.byteLength)
    throw new FormatError('a page is damaged: a value ends beyond it');
  return bytes.subarray(at, at + length);
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

/** Returns the bits of a level up to a highest one. */
const widthOf = (level: number) => 32 - Math.clz32(level);
