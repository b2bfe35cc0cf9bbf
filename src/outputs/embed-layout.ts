import type { Format } from './formats/format.js';
import type { OutputLayout } from './layout.js';
import type { FloatDType } from './row-tensor.js';

export interface EmbedLayoutOptions {
  readonly format: Format;
  readonly features: number; // elements of each row's `embedding`
  readonly dtype: FloatDType; // element type of each row's `embedding`
  readonly csvSafe?: boolean | undefined; // make CSV safe for spreadsheets
}

/** Returns the layout of `embed`: one embedding per image. */
export function embedLayout({ format, features, dtype, csvSafe = false }: EmbedLayoutOptions): OutputLayout {
  const { arrangement, files } = format.embed;
  return {
    arrangement,
    files: files({ name: 'embedding', dtype, shape: [features] }, { safe: csvSafe }),
    settings: { format: format.name, dtype, csvSafe },
  };
}
