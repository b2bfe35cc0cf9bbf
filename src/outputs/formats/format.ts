import type { Arrangement } from '../arrangement.js';
import type { Compression } from '../compressed/compression.js';
import type { TextStyle } from '../csv-line.js';
import type { OutputLayout } from '../layout.js';
import type { Packing } from '../packing.js';
import type { ScoredClasses } from '../predictions.js';
import type { RowFile } from '../row-file.js';
import type { TensorSpec } from '../row-tensor.js';

/** The commands that write outputs. */
export type Command = 'classify' | 'embed' | 'features';

/** An output format: what each command writes in it. */
export interface Format {
  readonly name: string; // for --format, and the extension suggested for its files
  readonly title: string; // for sentences
  readonly extensions: readonly string[]; // that select it, in lower case
  readonly otherExtensions: readonly string[]; // allowed if --format asks for it
  readonly classify: ClassifyPart;
  readonly embed: FormatPart<TensorSpec>; // [features], or [C, H, W] if it can hold maps
  readonly features: FeaturesPart;
  readonly compression?: Compression | undefined; // of its files, which are text
}

/** How a format stores the rows of one command; `Rows` describes them. */
export interface FormatPart<Rows> {
  readonly arrangement: Arrangement;
  /** @returns the files in the order of writing, as in OutputLayout */
  readonly files: (rows: Rows, style: TextStyle) => readonly RowFile[];
  /** How these files become those of the finished output, as in OutputLayout; left out if they are the same. */
  readonly packing?: ((files: readonly RowFile[], rows: Rows, style: TextStyle) => Packing) | undefined;
}

/** Returns the files of a part, and their packing. */
export function filesOf<Rows>(
  { files, packing }: FormatPart<Rows>,
  rows: Rows,
  style: TextStyle,
): Pick<OutputLayout, 'files' | 'packing'> {
  const all = files(rows, style);
  return { files: all, packing: packing?.(all, rows, style) };
}

interface ClassifyPart extends FormatPart<ScoredClasses> {
  readonly topK: boolean; // holds only the best classes, not the scores of all
}

interface FeaturesPart extends FormatPart<readonly TensorSpec[]> {
  readonly maps: boolean; // can hold maps, not only vectors; of embeddings too
  /** How it stores each tensor of each image in a file of its own; left out if it cannot. */
  readonly perImage?: FormatPart<readonly TensorSpec[]> | undefined;
}
