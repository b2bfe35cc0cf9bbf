// src/formats/parquet/: Parquet files to the values of a column

import {
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { FormatError, TruncatedError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import { thriftEnd } from './thrift.js';

/** A column of single values that is not repeated. */
export interface ParquetLeaf {
  readonly path: readonly string[];
  readonly element: SchemaElement;
  readonly level: number; // the definition level of a value that is not null
  readonly outer: number; // that of a null in a struct that is not null
}

/** A column at the top of the schema. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: string; // for messages: int64, string, binary, struct
  readonly image: ImageLeaves | undefined; // undefined: it cannot hold images
}

/** The parts of a column that may hold images. */
export interface ImageLeaves {
  readonly bytes: ParquetLeaf;
  readonly path: ParquetLeaf | undefined; // of a file with the bytes, in the layout of Hugging Face's datasets
}

/** The part of a column in one row group. */
export interface ColumnChunk {
  readonly first: number; // row
  readonly rows: number;
  readonly codec: string; // as Parquet names it: SNAPPY
  readonly start: number; // of its pages in the file
  readonly end: number;
  readonly failure: string | undefined; // why it cannot be read
}

export interface ParquetFooter {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  /** Returns the parts of a column in the order of the rows. */
  readonly chunksOf: (leaf: ParquetLeaf) => readonly ColumnChunk[];
}

const MAGIC = 'PAR1';
const ENCRYPTED = 'PARE';
const TAIL = 8; // bytes: the length of the metadata, and the magic
const MAX_METADATA = 2 ** 26; // bytes

/**
 * Reads the metadata at the end of a Parquet file. https://parquet.apache.org/docs/file-format/
 *
 * @param size of the file in bytes
 * @throws FormatError if it is no Parquet file, or its metadata is damaged, encrypted or too large
 * @throws what `read` throws
 */
export async function readFooter(read: ReadAt, size: number): Promise<ParquetFooter> {
  return footerOf(await readMetadata(read, size), size);
}

/**
 * Reads the metadata as hyparquet represents it.
 *
 * @throws as `readFooter`
 */
export async function readMetadata(read: ReadAt, size: number): Promise<FileMetaData> {
  const head = (await read(0, MAGIC.length)).toString('latin1');
  if (head !== MAGIC && head !== ENCRYPTED) throw new FormatError('it does not begin with PAR1');
  const tail = await read(Math.max(0, size - TAIL), TAIL);
  const magic = tail.toString('latin1', TAIL - MAGIC.length);
  if (magic === ENCRYPTED) throw new FormatError('its metadata is encrypted');
  if (size < MAGIC.length + TAIL || magic !== MAGIC) throw new TruncatedError('the file ends without PAR1');
  const length = tail.readUInt32LE();
  if (length > size - MAGIC.length - TAIL)
    throw new FormatError(`it states ${length} bytes of metadata, and has ${size} bytes in all`);
  if (length > MAX_METADATA)
    throw new FormatError(`it has ${length} bytes of metadata; halonet reads at most ${MAX_METADATA}`);
  const bytes = await read(size - TAIL - length, length + TAIL);
  if (bytes.byteLength < length + TAIL) throw new TruncatedError('the file ends within its metadata');
  return parse(bytes.subarray(0, length), bytes);
}

function parse(metadata: Uint8Array, withTail: Uint8Array): FileMetaData {
  if (thriftEnd(metadata) === undefined) throw new FormatError('its metadata is damaged');
  try {
    return parquetMetadata(withTail, { geoparquet: false, parsers: { stringFromBytes: () => '' } });
  } catch (cause) {
    throw new FormatError('its metadata is damaged', { cause });
  }
}

function footerOf(metadata: FileMetaData, size: number): ParquetFooter {
  return {
    rows: rowsIn(metadata),
    columns: columnsIn(metadata),
    chunksOf: (leaf) => chunksOf(metadata, leaf, size),
  };
}

/**
 * Returns the parts of a column in the order of the rows.
 *
 * @param size of the file in bytes
 */
export function chunksOf(metadata: FileMetaData, leaf: ParquetLeaf, size: number): readonly ColumnChunk[] {
  let first = 0;
  return Array.from(metadata.row_groups, (group) => {
    const chunk = chunkIn(group, leaf, first, size);
    first += chunk.rows;
    return chunk;
  });
}

/** @throws FormatError if the row groups do not add up */
export function rowsIn({ num_rows: stated, row_groups: groups }: FileMetaData): number {
  const sum = groups.reduce((total, group) => {
    if (typeof group.num_rows !== 'bigint' || group.num_rows < 0n)
      throw new FormatError('its metadata has a row group without a number of rows');
    return total + group.num_rows;
  }, 0n);
  if (sum !== stated)
    throw new FormatError(`its metadata states ${stated} rows, and row groups with ${sum} rows`);
  if (sum > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatError(`its metadata states ${sum} rows`);
  return Number(sum);
}

function columnsIn(metadata: FileMetaData): ParquetColumn[] {
  try {
    const { children, count } = parquetSchema(metadata);
    if (count !== metadata.schema.length) throw new FormatError('its schema has elements without a parent');
    if (!metadata.schema.every(({ name }) => typeof name === 'string'))
      throw new FormatError('its schema has an element without a name');
    return children.map((node) => ({ name: node.element.name, type: typeOf(node), image: imageIn(node) }));
  } catch (cause) {
    throw new FormatError('its schema is damaged', { cause });
  }
}

function typeOf({ element, children }: SchemaTree): string {
  const { logical_type, converted_type, type } = element;
  const known =
    logical_type?.type ?? converted_type ?? (children.length > 0 ? 'struct' : (type ?? 'unknown'));
  return known === 'BYTE_ARRAY' ? 'binary' : known.toLowerCase();
}

/** Returns what of a column may be images: byte strings without a meaning, or a struct with such `bytes`. */
function imageIn(node: SchemaTree): ImageLeaves | undefined {
  if (isBinary(node)) return { bytes: leafOf([node]), path: undefined };
  const { element, children } = node;
  const isStruct = children.length > 0 && typeOf(node) === 'struct' && element.repetition_type !== 'REPEATED';
  const bytes = children.find((child) => child.element.name === 'bytes');
  const path = children.find((child) => child.element.name === 'path');
  if (!isStruct || bytes === undefined || !isBinary(bytes)) return undefined;
  const isPath =
    path?.element.type === 'BYTE_ARRAY' &&
    path.children.length === 0 &&
    path.element.repetition_type !== 'REPEATED';
  return {
    bytes: leafOf([node, bytes]),
    path: path !== undefined && isPath ? leafOf([node, path]) : undefined,
  };
}

function isBinary({ element, children }: SchemaTree): boolean {
  const { type, repetition_type, converted_type, logical_type } = element;
  return (
    type === 'BYTE_ARRAY' &&
    children.length === 0 &&
    repetition_type !== 'REPEATED' &&
    converted_type === undefined &&
    logical_type === undefined
  );
}

/** @param nodes from the top of the schema to the column */
export function leafOf(nodes: readonly [SchemaTree, ...SchemaTree[]]): ParquetLeaf {
  const { element } = nodes.at(-1) as SchemaTree;
  const levels = nodes.map(({ element }) => (element.repetition_type === 'REQUIRED' ? 0 : 1));
  const level = levels.reduce<number>((sum, one) => sum + one, 0);
  const path = nodes.map(({ element: { name } }) => name);
  return { path, element, level, outer: level - (levels.at(-1) ?? 0) };
}

function chunkIn(group: RowGroup, leaf: ParquetLeaf, first: number, size: number): ColumnChunk {
  const rows = Number(group.num_rows);
  const found = group.columns.find(({ meta_data: data }) => isPath(data?.path_in_schema, leaf.path));
  const nothing = { first, rows, codec: '', start: 0, end: 0 };
  const data = found?.meta_data;
  if (data === undefined) {
    const isEncrypted = group.columns.some(({ crypto_metadata: crypto }) => crypto !== undefined);
    return {
      ...nothing,
      failure: isEncrypted ? 'the column is encrypted' : 'the row group lacks the column',
    };
  }
  if (found?.file_path) return { ...nothing, failure: 'the column is in another file' };
  if (found?.crypto_metadata !== undefined) return { ...nothing, failure: 'the column is encrypted' };
  const { data_page_offset: pages, dictionary_page_offset: dictionary, codec } = data;
  const hasDictionary = dictionary !== undefined && dictionary > 0n && dictionary < pages;
  const start = Number(hasDictionary ? dictionary : pages);
  const end = start + Number(data.total_compressed_size);
  const isInFile = start >= MAGIC.length && end >= start && end <= size - TAIL;
  const isWhole = isInFile && data.num_values === group.num_rows && data.type === leaf.element.type;
  const failure = isWhole ? undefined : 'the metadata of the row group is damaged';
  return { first, rows, codec: codec ?? 'an unknown codec', start, end, failure };
}

const isPath = (one: readonly string[] | undefined, other: readonly string[]) =>
  one?.length === other.length && one.every((name, i) => name === other[i]);
