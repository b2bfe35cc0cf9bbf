// src/outputs/: how rows become the files of an output

import type { Arrangement } from './arrangement.js';
import type { AddedColumns } from './csv-line.js';
import type { Packing } from './packing.js';
import { isText, type RowFile, type TextFile } from './row-file.js';

/** How rows become an output. */
export interface OutputLayout {
  readonly arrangement: Arrangement;
  /** In the order of writing. Exactly one of them is a text file. */
  readonly files: readonly RowFile[];
  /** How the files become those of the finished output; left out if they are the same. */
  readonly packing?: Packing | undefined;
  /** The settings that the bytes depend on, for the fingerprint of a run. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** Returns the file in which rows name their images. */
export function textFile({ files }: Pick<OutputLayout, 'files'>): TextFile {
  const [text, ...others] = files.filter(isText);
  if (text === undefined || others.length > 0)
    throw new Error(`an output needs one file of text, and has ${files.filter(isText).length}`);
  return text;
}

/** The names of the settings that record added columns. */
export const ADDED_COLUMNS: readonly string[] = ['columns', 'facts'];

/** Returns the settings of a layout that record the kept columns and the facts; nothing if there are none. */
export const columnSettings = ({ columns = [], facts = [] }: AddedColumns): OutputLayout['settings'] => ({
  ...(columns.length > 0 && { columns: JSON.stringify(columns) }),
  ...(facts.length > 0 && { facts: facts.join(',') }),
});
