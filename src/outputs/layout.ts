import type { FailedRow, OkRow } from '../rows.js';
import type { TensorSpec } from './row-tensor.js';

/**
 * What an output consists of:
 * - `text`: one file of text, or a stream of it;
 * - `matrix`: an array, and a text file beside it that says which image each of its rows is;
 * - `scores`: such a matrix, and another text file that says which class each of its columns is;
 * - `folder`: a folder of arrays and such a text file.
 */
export type OutputKind = 'text' | 'matrix' | 'scores' | 'folder';

/** How rows become the files of an output: always one of text, and an array for every tensor named. */
export interface OutputLayout {
  readonly kind: OutputKind;
  readonly text: TextEncoding;
  readonly arrays: readonly TensorSpec[];
  /** What the file of the classes holds, which no row changes; left out but for `scores`. */
  readonly classes?: string;
  /** What else the bytes follow from, for the fingerprint of a run. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** A format in which every row is text of its own. */
export interface TextEncoding {
  readonly header: string; // '' where the format has none; with its line feed
  /** @returns one line or more, each with its line feed */
  readonly text: (row: OkRow | FailedRow, number: number) => string;
  /** What the path of a row's text may be: several where the text leaves that open. */
  readonly paths: (text: string) => readonly string[];
  /** The text of a row with another path. */
  readonly renamed: (text: string, path: string) => string;
  /** The text of a row once it is row `number`; left out where that changes nothing. */
  readonly renumbered?: (text: Uint8Array, number: number) => Uint8Array;
}
