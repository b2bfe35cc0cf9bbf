import { createHash } from 'node:crypto';
import { compressed } from './compressed/compressed-text.js';
import type { AddedColumns } from './csv-line.js';
import { type Format, filesOf } from './formats/format.js';
import { columnSettings, type OutputLayout } from './layout.js';

export interface ClassifyLayoutOptions extends AddedColumns {
  readonly format: Format;
  readonly scores: 'probabilities' | 'logits'; // name of the tensor in each row: float32 [classes]
  readonly labels: readonly string[]; // one per class
  readonly csvSafe?: boolean | undefined; // make CSV safe for spreadsheets
  readonly topK?: number | undefined; // 1 or more, clipped to the number of classes; 5 by default
}

/** Returns the layout of `classify`: the best classes of each image, or the scores of all classes. */
export function classifyLayout({
  format,
  scores,
  labels,
  topK = 5,
  csvSafe = false,
  columns = [],
  facts = [],
}: ClassifyLayoutOptions): OutputLayout {
  const { arrangement, topK: holdsBest } = format.classify;
  const k = Math.min(topK, labels.length);
  return compressed(
    {
      arrangement,
      ...filesOf(
        format.classify,
        { tensor: { name: scores, dtype: 'float32', shape: [labels.length] }, labels, k },
        { safe: csvSafe, columns, facts },
      ),
      settings: {
        format: format.name,
        scores,
        csvSafe,
        ...columnSettings({ columns, facts }),
        ...(holdsBest && { topK: k }),
        labels: digestOf(labels),
      },
    },
    format.compression,
  );
}

function digestOf(labels: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(labels)).digest('hex');
}
