import type { FailedRow, OkRow } from '../rows.js';
import { besidePath } from './arrangement.js';

/** How rows become one file of an output. */
export interface RowFile {
  /** The base name of the file, from that of its output. */
  readonly name: (output: string) => string;
  /** The bytes before its first row. */
  readonly header: Uint8Array;
  /** Left out for a file without rows: the header is all of it, and it is written when all rows are there. */
  readonly rows?: FixedRows | TextRows | undefined;
  /** What takes the place of the header when all rows are there, as long as that; left out where it stays. */
  readonly finishedHeader?: ((rows: number) => Uint8Array) | undefined;
}

/** Rows that all have one length, so that each is found by its number. */
export interface FixedRows {
  readonly bytes: number; // of each row
  readonly encode: (row: OkRow | FailedRow, number: number) => Uint8Array;
}

/** Rows of text, which name their images. The ledger keeps where each of them ends. */
export interface TextRows {
  readonly bytes?: undefined; // each row has its own length
  /** @returns one line or more, each with its line feed */
  readonly encode: (row: OkRow | FailedRow, number: number) => Uint8Array;
  /** What the path in a row may be: several where the text leaves that open. */
  readonly paths: (text: string) => readonly string[];
  /** The row with another path. */
  readonly renamed: (text: string, path: string) => string;
  /** The row once it is row `number`; left out where that changes nothing. */
  readonly renumbered?: ((row: Uint8Array, number: number) => Uint8Array) | undefined;
}

/** A file that rows are appended to. */
export interface GrowingRowFile extends RowFile {
  readonly rows: FixedRows | TextRows;
}

/** A file of text. */
export interface TextFile extends RowFile {
  readonly rows: TextRows;
}

export function isGrowing(file: RowFile): file is GrowingRowFile {
  return file.rows !== undefined;
}

export function isText(file: RowFile): file is TextFile {
  return file.rows !== undefined && file.rows.bytes === undefined;
}

/** The name of the file that has that of its output. */
export const ownName = (output: string) => output;

/** The name of a file beside that: `index.csv` makes `scores.index.csv` of `scores.npy`. */
export const nameBeside = (what: string) => (output: string) => besidePath(output, what);

/** The name of a file in the folder that the output is. */
export const nameInside = (name: string) => () => name;
