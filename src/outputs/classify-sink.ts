import type { Row, RowSink } from '../rows.js';
import { asFloat32 } from '../tensor.js';
import type { ChannelOptions } from './byte-channel.js';
import { csvLine, emptyCells, failureCell } from './csv.js';
import { float32Decimal } from './float-text.js';
import type { OutputFormat } from './format.js';
import { openMatrixSink } from './matrix-sink.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';
import { failureJson, jsonLine, openTextSink, type TextLayout } from './text-sink.js';
import { topK } from './top-k.js';

export interface ClassifySinkOptions extends ChannelOptions {
  readonly format: OutputFormat;
  readonly scores: 'probabilities' | 'logits'; // name of the tensor in each row: float32 [classes]
  readonly labels: readonly string[]; // one per class
  readonly topK?: number; // 1 or more, clipped to the number of classes; 5 by default
}

/** One class of an image's top k; `score` prints as the shortest decimal of its float32. */
export interface Prediction {
  readonly index: number;
  readonly label: string;
  readonly score: number;
}

interface ClassifyLayout {
  readonly tensor: TensorSpec;
  readonly labels: readonly string[];
  readonly k: number; // 1..classes
}

const TEXT_LAYOUTS: Readonly<Record<'csv' | 'jsonl', (layout: ClassifyLayout) => TextLayout>> = {
  csv: csvLayout,
  jsonl: jsonlLayout,
};

/**
 * Opens the output of `classify`. CSV and JSONL hold the top k of each image, NPY the scores of all
 * classes, `[N, classes]` float32, with an index CSV beside it.
 * @throws {OutputError} where the output exists or cannot be written, before any row
 */
export async function openClassifySink(options: ClassifySinkOptions): Promise<RowSink> {
  const { format, labels, topK = 5 } = options;
  const tensor: TensorSpec = { name: options.scores, dtype: 'float32', shape: [labels.length] };
  if (format === 'npy') return openMatrixSink({ ...options, tensor });
  const k = Math.min(topK, labels.length);
  return openTextSink(options, TEXT_LAYOUTS[format]({ tensor, labels, k }));
}

function csvLayout(layout: ClassifyLayout): TextLayout {
  const ranks = Array.from({ length: layout.k }, (_, i) => i + 1);
  const columns = ranks.flatMap((rank) => [`index_${rank}`, `label_${rank}`, `score_${rank}`]);
  return {
    header: csvLine(['path', ...columns, 'error']),
    text(row) {
      if (row.status === 'failed') {
        return csvLine([row.path, ...emptyCells(columns.length), failureCell(row.failure)]);
      }
      const cells = predictions(row, layout).flatMap(({ index, label, score }) => [index, label, score]);
      return csvLine([row.path, ...cells, '']);
    },
  };
}

function jsonlLayout(layout: ClassifyLayout): TextLayout {
  return {
    header: '',
    text: (row) =>
      row.status === 'failed'
        ? jsonLine({ path: row.path, error: failureJson(row.failure) })
        : jsonLine({ path: row.path, predictions: predictions(row, layout) }),
  };
}

function predictions(row: Extract<Row, { status: 'ok' }>, layout: ClassifyLayout): Prediction[] {
  const scores = asFloat32(rowTensor(row, layout.tensor).data);
  return topK(scores, layout.k).map((index) => ({
    index,
    label: layout.labels[index] ?? '',
    score: float32Decimal(scores[index] ?? NaN),
  }));
}
