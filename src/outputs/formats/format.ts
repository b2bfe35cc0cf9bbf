import type { Arrangement } from '../arrangement.js';
import type { CsvStyle } from '../csv-line.js';
import type { ScoredClasses } from '../predictions.js';
import type { RowFile } from '../row-file.js';
import type { TensorSpec } from '../row-tensor.js';

/** The commands that write outputs. */
export type Command = 'classify' | 'embed' | 'features';

/** A format of outputs: what each command writes in it. */
export interface Format {
  readonly name: string; // for --format, and the extension that is proposed for its files
  readonly extensions: readonly string[]; // that stand for it, in lower case
  readonly otherExtensions: readonly string[]; // that it may be written under when --format asks for it
  readonly classify: ClassifyPart;
  readonly embed: FormatPart<TensorSpec>; // [features]
  readonly features: FeaturesPart;
}

/** What a format makes of the rows of one command, of which `Rows` is known. */
export interface FormatPart<Rows> {
  readonly arrangement: Arrangement;
  /** @returns the files in the order in which they are written, as in OutputLayout */
  readonly files: (rows: Rows, style: CsvStyle) => readonly RowFile[];
}

interface ClassifyPart extends FormatPart<ScoredClasses> {
  readonly topK: boolean; // it holds the best classes alone, rather than the scores of all
}

interface FeaturesPart extends FormatPart<readonly TensorSpec[]> {
  readonly maps: boolean; // it holds whole feature maps, rather than pooled ones alone
}
