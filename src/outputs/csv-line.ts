import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { FormatError, type ImageFailure } from '../errors.js';

export interface CsvStyle {
  /**
   * Whether to make text safe for spreadsheets: quoted, with an apostrophe before what they would interpret as a formula
   * (https://owasp.org/www-community/attacks/CSV_Injection). Numbers, including negative ones, are unchanged.
   */
  readonly safe?: boolean | undefined;
}

/**
 * Returns one CSV record (RFC 4180) with its line feed. Numbers are formatted as JavaScript formats them, NaN as `NaN`. Text
 * is quoted if it contains a comma, a quote, an apostrophe, or a carriage return or line feed, each of which ends a record for
 * some readers.
 */
export function csvLine(cells: readonly (string | number)[], { safe = false }: CsvStyle = {}): string {
  if (!safe) return stringify([cells], { quoted_match: APOSTROPHE });
  const harmless = cells.map((cell) => (typeof cell === 'string' ? cell.replace(FORMULA, "'$&") : cell));
  return stringify([harmless], { quoted_string: true, quoted_empty: false });
}

// If every text begins and ends with an apostrophe and none is quoted, DuckDB takes apostrophes for the quote character.
const APOSTROPHE = "'";

// East Asian locales treat the full-width signs like the ASCII ones.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

/**
 * Returns a record of text, numbers and text. Numbers need no quoting, and joining them is four times as fast as `csvLine` on
 * rows of 2,048.
 */
export function csvNumbersLine(
  before: readonly string[],
  numbers: readonly number[],
  after: readonly string[],
  style: CsvStyle = {},
): string {
  return `${csvLine(before, style).slice(0, -1)},${numbers.join(',')},${csvLine(after, style)}`;
}

/**
 * Returns the paths that a record may hold: `safe` makes it ambiguous whether a leading apostrophe is part of the path.
 * @param text one record or more
 * @param column the column of the path, from 0
 * @throws {FormatError} if the text does not begin with a record
 */
export function csvPaths(text: string, column: number): readonly string[] {
  const path = parseRecords(text)[0]?.record[column] ?? '';
  return path.startsWith("'") && FORMULA.test(path.slice(1)) ? [path, path.slice(1)] : [path];
}

/**
 * Replaces the path in the records of one row.
 * @param text one record or more, with the same path in the first column, or in the second after a number
 * @param column the column of the path, 0 or 1
 * @throws {FormatError} if the text does not begin with a record
 */
export function csvRenamed(text: string, column: 0 | 1, path: string, style: CsvStyle): string {
  const cell = csvLine([path], style).slice(0, -1);
  return parseRecords(text)
    .map(({ record, raw }) => {
      const start = column === 0 ? 0 : raw.indexOf(',') + 1;
      const end = start + csvLine([record[column] ?? ''], style).length - 1;
      return raw.slice(0, start) + cell + raw.slice(end);
    })
    .join('');
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly raw: string; // with its line feed
}

function parseRecords(text: string): readonly CsvRecord[] {
  try {
    return parse(text, { record_delimiter: '\n', raw: true }) as unknown as readonly CsvRecord[];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`not a CSV record: ${reason}`, { cause: error });
  }
}

/** Returns the error cell of a failed image. */
export function failureCell({ code, message }: ImageFailure): string {
  return `${code}: ${message}`;
}

export function emptyCells(count: number): string[] {
  return new Array<string>(count).fill('');
}
