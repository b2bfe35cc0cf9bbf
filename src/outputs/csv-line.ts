import { type CastingContext, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { FormatError, type ImageFailure } from '../errors.js';
import type { FactName } from '../facts.js';
import type { Row, RowName } from '../rows.js';

/** How rows become text. */
export interface TextStyle extends CsvStyle, AddedColumns {}

/** The columns that a user adds to those of the results. */
export interface AddedColumns {
  readonly columns?: readonly string[] | undefined; // of the items, kept after the path
  readonly facts?: readonly FactName[] | undefined; // about the images, after these
}

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
  before: readonly (string | number)[],
  numbers: readonly number[],
  after: readonly string[],
  style: CsvStyle = {},
): string {
  return `${csvLine(before, style).slice(0, -1)},${numbers.join(',')},${csvLine(after, style)}`;
}

/** Returns the header of a table, with the kept columns of items and the facts between its own. */
export function headerLine(before: readonly string[], after: readonly string[], style: TextStyle): string {
  const { columns: kept = [], facts = [] } = style;
  const cells = kept.map((name) => (style.safe ? name.replace(FORMULA, "'$&") : name));
  return csvLine([...before, ...cells, ...facts, ...after]);
}

/** Returns the first cells of a row: those that name its item, and facts about its image. */
export function firstCells(
  row: Pick<Row, 'id' | 'columns' | 'facts'>,
  style: TextStyle,
): (string | number)[] {
  return [...nameCells(row, style), ...(style.facts ?? []).map((name) => row.facts?.[name] ?? '')];
}

/** Returns the cells that name an item: its id and its kept columns. */
function nameCells({ id, columns }: RowName, { columns: kept = [] }: TextStyle): (string | number)[] {
  return [
    id,
    ...kept.map((name) => {
      const value = columns?.[name] ?? '';
      return typeof value === 'boolean' ? String(value) : value;
    }),
  ];
}

/**
 * Returns the names that a record may hold: `safe` makes it ambiguous whether a leading apostrophe is part of a text.
 * @param text one record or more
 * @param at the column of the path, from 0; those of the item follow
 * @throws {FormatError} if the text does not begin with a record
 */
export function csvNames(
  text: string,
  at: number,
  { safe = false, columns: kept = [] }: TextStyle,
): readonly RowName[] {
  const cells = parseRecords(text, safe)[0]?.record.slice(at, at + 1 + kept.length) ?? [];
  if (!safe) return [nameOf(cells, kept)];
  return readings(cells).map((texts) => nameOf(texts, kept));
}

type Cell = string | number;

function nameOf([id = '', ...values]: readonly Cell[], kept: readonly string[]): RowName {
  if (kept.length === 0) return { id: String(id) };
  return { id: String(id), columns: Object.fromEntries(kept.map((name, i) => [name, values[i] ?? ''])) };
}

const MAX_READINGS = 64;

/** Returns the texts that cells may stand for: all combinations, unless there are very many. */
function readings(cells: readonly Cell[]): readonly (readonly Cell[])[] {
  return cells.reduce<readonly (readonly Cell[])[]>(
    (before, cell) => {
      const texts = before.length < MAX_READINGS ? unescaped(cell) : unescaped(cell).slice(-1);
      return before.flatMap((start) => texts.map((text) => [...start, text]));
    },
    [[]],
  );
}

/** Returns the texts that a cell may stand for. */
const unescaped = (cell: Cell): readonly Cell[] =>
  typeof cell === 'string' && cell.startsWith("'") && FORMULA.test(cell.slice(1))
    ? [cell, cell.slice(1)]
    : [cell];

/**
 * Replaces the name in the records of one row.
 * @param text one record or more, with the same name from the first column on, or from the second after a number
 * @param at the column of the path, 0 or 1
 * @throws {FormatError} if the text does not begin with a record
 */
export function csvRenamed(text: string, at: 0 | 1, name: RowName, style: TextStyle): string {
  const cells = csvLine(nameCells(name, style), style).slice(0, -1);
  return parseRecords(text)
    .map(({ raw }) => {
      const start = at === 0 ? 0 : raw.indexOf(',') + 1;
      return (
        raw.slice(0, start) + cells + raw.slice(endOfCells(raw, start, 1 + (style.columns?.length ?? 0)))
      );
    })
    .join('');
}

/** Returns where a number of cells ends in a record: cells with commas or quotes in them are quoted. */
function endOfCells(raw: string, start: number, count: number): number {
  let quoted = false;
  let left = count;
  for (let at = start; at < raw.length; at++) {
    if (raw[at] === '"') quoted = !quoted;
    else if (!quoted && (raw[at] === ',' || raw[at] === '\n') && --left === 0) return at;
  }
  return raw.length;
}

interface CsvRecord {
  readonly record: readonly Cell[];
  readonly raw: string; // with its line feed
}

/** @param safe whether every text is quoted, so that cells without quotes are numbers */
function parseRecords(text: string, safe = false): readonly CsvRecord[] {
  const cast = (cell: string, { quoting }: CastingContext) => (quoting || cell === '' ? cell : Number(cell));
  try {
    const options = { record_delimiter: '\n', raw: true, ...(safe && { cast }) };
    return parse(text, options) as unknown as readonly CsvRecord[];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`not a CSV record: ${reason}`, { cause: error });
  }
}

/** Returns a record with a further cell of text at its end. @param record with its line feed */
export function withLastCell(record: string, cell: string, style: CsvStyle): string {
  return `${record.slice(0, -1)},${cell === '' ? '\n' : csvLine([cell], style)}`;
}

/**
 * Takes the last cell off a record. It must not begin with an apostrophe: in CSV that is safe for spreadsheets, that would be ambiguous.
 * @param record with its line feed
 * @throws {FormatError} if the text is not a record
 */
export function splitLastCell(
  record: string,
  { safe = false }: CsvStyle,
): { readonly rest: string; readonly cell: string } {
  const cell = String(parseRecords(record)[0]?.record.at(-1) ?? '');
  const text = cell === '' ? '\n' : csvLine([cell], { safe: false });
  const length = record.endsWith('"\n') && !text.endsWith('"\n') ? text.length + 2 : text.length; // quoted without need
  return {
    rest: `${record.slice(0, -length - 1)}\n`,
    cell: safe && cell.startsWith("'") ? cell.slice(1) : cell,
  };
}

/** Returns the error cell of a failed image. */
export function failureCell({ code, message }: ImageFailure): string {
  return `${code}: ${message}`;
}

export function emptyCells(count: number): string[] {
  return new Array<string>(count).fill('');
}
