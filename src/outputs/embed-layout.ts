import { compressed } from './compressed/compressed-text.js';
import type { AddedColumns } from './csv-line.js';
import { type Format, filesOf } from './formats/format.js';
import { columnSettings, type OutputLayout } from './layout.js';
import { requireMaps } from './maps.js';
import type { FloatDType } from './row-tensor.js';

export interface EmbedLayoutOptions extends AddedColumns {
  readonly format: Format;
  readonly tensor?: string | undefined; // name of the tensor in each row; `embedding` by default
  readonly shape: readonly number[]; // of that tensor: [features], or [C, H, W] unpooled
  readonly dtype: FloatDType; // its element type
  readonly csvSafe?: boolean | undefined; // make CSV safe for spreadsheets
}

/**
 * Returns the layout of `embed`: one embedding per image.
 * @throws {OutputError} for unpooled embeddings in a format that cannot hold them
 */
export function embedLayout({
  format,
  tensor = 'embedding',
  shape,
  dtype,
  csvSafe = false,
  columns = [],
  facts = [],
}: EmbedLayoutOptions): OutputLayout {
  if (shape.length !== 1) requireMaps(format, ['no --pool']);
  const { arrangement } = format.embed;
  return compressed(
    {
      arrangement,
      ...filesOf(format.embed, { name: tensor, dtype, shape }, { safe: csvSafe, columns, facts }),
      settings: { format: format.name, dtype, csvSafe, ...columnSettings({ columns, facts }) },
    },
    format.compression,
  );
}
