import { extname } from 'node:path';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { shownAddress, withoutQuery } from '../address.js';
import { FormatError, HalonetError, type ImageFailure } from '../errors.js';
import type { Columns } from '../rows.js';
import { systemReason } from '../system-reason.js';
import { columnsInJson } from './json-columns.js';
import { entriesOf } from './list.js';
import type { Storage } from './storage.js';

/** A line of a list: its values by column. */
export interface ListLine {
  readonly number: number; // from 1, the header of a table included
  readonly values: Columns;
  readonly failure?: ImageFailure | undefined; // why the line cannot be a path, if it is only that
}

/** How a list is written. */
export interface ListFormat {
  readonly name: string; // for messages
  readonly isText: boolean;
  readonly hasColumns: boolean; // otherwise, every line is a path, in the column `path`
  /**
   * Yields the names of the columns, then the lines.
   * @param columns that lines must have, if not all
   * @throws FormatError with the number of a damaged line
   */
  readonly read: (
    path: string,
    columns: readonly string[] | undefined,
    storage: Storage,
  ) => AsyncGenerator<readonly string[] | ListLine>;
}

/** The column of lists that have none. */
export const PATH = 'path';

const text: ListFormat = {
  name: 'text',
  isText: true,
  hasColumns: false,
  async *read(path, _, storage) {
    yield [PATH];
    let number = 0;
    const entries = entriesOf(storage.stream(path), { name: `--from ${shownAddress(path)}` });
    for await (const { path: entry, failure } of entries)
      yield { number: ++number, values: { [PATH]: entry }, failure };
  },
};

const MAX_RECORD = 16 * 2 ** 20; // characters

/** CSV (RFC 4180) with a header. Values are text: CSV has no types. */
function separated(name: string, delimiter: string): ListFormat {
  return {
    name,
    isText: true,
    hasColumns: true,
    async *read(path, _, storage) {
      const options = {
        bom: true,
        delimiter,
        skip_empty_lines: true,
        max_record_size: MAX_RECORD,
        info: true,
      };
      let header: readonly string[] | undefined;
      const source = storage.stream(path);
      const records = parse(options);
      pipeline(source, records, () => {}); // the records throw its errors
      for await (const { record, info } of records as AsyncIterable<CsvRecord>) {
        if (header === undefined) {
          header = record;
          yield header;
        } else
          yield {
            number: info.lines,
            values: Object.fromEntries(header.map((one, i) => [one, record[i] ?? ''])),
          };
      }
    },
  };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** JSON lines: an object on each line. The first one names the columns. */
const jsonl: ListFormat = {
  name: 'JSON lines',
  isText: true,
  hasColumns: true,
  async *read(path, _, storage) {
    let number = 0;
    let hasHeader = false;
    for await (const line of linesOf(storage.stream(path))) {
      number++;
      if (line.trim() === '') continue;
      const values = columnsInJson(number === 1 ? line.replace(/^\uFEFF/, '') : line, `line ${number}`);
      if (!hasHeader) yield Object.keys(values);
      hasHeader = true;
      yield { number, values };
    }
  },
};

/** Yields the lines of a UTF-8 file. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    if (rest.length > MAX_RECORD) throw new FormatError(`a line is longer than ${MAX_RECORD} characters`);
  }
  if (rest !== '') yield rest;
}

/** Parquet: values have types. Lines are numbered as rows are, from 1. */
const parquet: ListFormat = {
  name: 'Parquet',
  isText: false,
  hasColumns: true,
  async *read(path, wanted, storage) {
    const { openRows } = await import('../formats/parquet/rows.js');
    const file = await storage.openArchive(path);
    try {
      const { columns, read } = await openRows(file.read, file.identity.bytes);
      yield columns;
      const names = wanted ?? columns;
      let number = 0;
      for await (const row of read(names))
        yield {
          number: ++number,
          values: Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])),
        };
    } finally {
      await file.close();
    }
  },
};

const FORMATS: Readonly<Record<string, ListFormat>> = {
  '.csv': separated('CSV', ','),
  '.tsv': separated('TSV', '\t'),
  '.jsonl': jsonl,
  '.ndjson': jsonl,
  '.parquet': parquet,
};

/** Returns the format of a list by its extension: text unless that of a table. */
export const formatOfList = (path: string): ListFormat =>
  FORMATS[extname(withoutQuery(path)).toLowerCase()] ?? text;

/**
 * Reads a list.
 *
 * @param columns that lines must have; all by default
 * @throws {HalonetError} naming the list, if it cannot be read or a line is damaged
 */
export async function* readLines(
  path: string,
  storage: Storage,
  columns?: readonly string[],
): AsyncGenerator<readonly string[] | ListLine> {
  const format = formatOfList(path);
  const shown = shownAddress(path);
  try {
    yield* format.read(path, columns, storage);
  } catch (cause) {
    if (cause instanceof HalonetError && !(cause instanceof FormatError)) throw cause;
    if (cause instanceof FormatError || isCsvError(cause))
      throw new HalonetError(`--from ${shown}: ${(cause as Error).message}`, {
        hint: `It is read as ${format.name}.`,
        cause,
      });
    throw new HalonetError(`--from ${shown}: ${systemReason(cause)}`, { cause });
  }
}

const isCsvError = (error: unknown) =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
