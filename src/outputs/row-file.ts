import type { FailedRow, OkRow, RowName } from '../rows.js';
import { besidePath } from './arrangement.js';

/** How rows become one file of an output. */
export interface RowFile {
  /** Returns the base name of the file, given that of its output. */
  readonly name: (output: string) => string;
  /** The bytes before the first row. */
  readonly header: Uint8Array;
  /** Left out for a file without rows, which consists of the header and is written after all rows. */
  readonly rows?: FixedRows | TextRows | undefined;
  /** Returns the final header, of the same length, once all rows are written; left out if the header does not change. */
  readonly finishedHeader?: ((rows: number) => Uint8Array) | undefined;
}

/** Rows of fixed length, found by number. */
export interface FixedRows {
  readonly bytes: number; // of each row
  readonly encode: (row: OkRow | FailedRow, number: number) => Uint8Array;
}

/** Rows of text, which name their images. The ledger records where each one ends. */
export interface TextRows {
  readonly bytes?: undefined; // rows vary in length
  /** @returns one line or more, each with its line feed */
  readonly encode: (row: OkRow | FailedRow, number: number) => Uint8Array;
  /** Returns the names that a row may hold: several if its text is ambiguous. */
  readonly names: (text: string) => readonly RowName[];
  /** Returns the row with another name. */
  readonly renamed: (text: string, name: RowName) => string;
  /** Returns the row renumbered as row `number`; left out if rows hold no number. */
  readonly renumbered?: ((row: Uint8Array, number: number) => Uint8Array) | undefined;
}

/** A file that rows are appended to. */
export interface GrowingRowFile extends RowFile {
  readonly rows: FixedRows | TextRows;
}

/** A text file. */
export interface TextFile extends RowFile {
  readonly rows: TextRows;
}

export function isGrowing(file: RowFile): file is GrowingRowFile {
  return file.rows !== undefined;
}

export function isText(file: RowFile): file is TextFile {
  return file.rows !== undefined && file.rows.bytes === undefined;
}

/** Returns the files of rows of fixed length, in their order. */
export const arrayFiles = (files: readonly RowFile[]): readonly GrowingRowFile[] =>
  files.filter(isGrowing).filter((file) => !isText(file));

/** Names a file as its output. */
export const ownName = (output: string) => output;

/** Names a file beside the output: `index.csv` gives `scores.index.csv` for `scores.npy`. */
export const nameBeside = (what: string) => (output: string) => besidePath(output, what);

/** Names a file inside the output folder. */
export const nameInside = (name: string) => () => name;
