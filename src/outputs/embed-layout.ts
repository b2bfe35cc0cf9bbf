import { compressed } from './compressed/compressed-text.js';
import type { Format } from './formats/format.js';
import { columnSetting, type OutputLayout } from './layout.js';
import type { FloatDType } from './row-tensor.js';

export interface EmbedLayoutOptions {
  readonly format: Format;
  readonly features: number; // elements of each row's `embedding`
  readonly dtype: FloatDType; // element type of each row's `embedding`
  readonly csvSafe?: boolean | undefined; // make CSV safe for spreadsheets
  readonly columns?: readonly string[] | undefined; // of the items, kept in the text of rows
}

/** Returns the layout of `embed`: one embedding per image. */
export function embedLayout({
  format,
  features,
  dtype,
  csvSafe = false,
  columns = [],
}: EmbedLayoutOptions): OutputLayout {
  const { arrangement, files } = format.embed;
  return compressed(
    {
      arrangement,
      files: files({ name: 'embedding', dtype, shape: [features] }, { safe: csvSafe, columns }),
      settings: { format: format.name, dtype, csvSafe, ...columnSetting(columns) },
    },
    format.compression,
  );
}
