import { createHash } from 'node:crypto';
import type { OkRow } from '../rows.js';
import { asFloat32 } from '../tensor.js';
import { topK } from '../top-k.js';
import { classesCsv } from './classes-csv.js';
import { type CsvStyle, csvLine, csvPaths, csvRenamed, emptyCells, failureCell } from './csv.js';
import { float32Decimal } from './float-text.js';
import { indexCsv } from './index-csv.js';
import { failureJson, jsonLine, jsonPaths, jsonRenamed } from './json-line.js';
import type { OutputLayout, TextEncoding } from './layout.js';
import type { OutputFormat } from './output-name.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';

export interface ClassifyLayoutOptions {
  readonly format: OutputFormat;
  readonly scores: 'probabilities' | 'logits'; // name of the tensor in each row: float32 [classes]
  readonly labels: readonly string[]; // one per class
  readonly csvSafe?: boolean; // CSV is made harmless for spreadsheets
  readonly topK?: number; // 1 or more, clipped to the number of classes; 5 by default
}

/** One class of an image's top k; `score` prints as the shortest decimal of its float32. */
export interface Prediction {
  readonly index: number;
  readonly label: string;
  readonly score: number;
}

interface Predicted {
  readonly tensor: TensorSpec;
  readonly labels: readonly string[];
  readonly k: number; // 1..classes
}

/**
 * The output of `classify`. CSV and JSONL hold the top k of each image, NPY the scores of all
 * classes, `[N, classes]` float32, with an index CSV beside it and a CSV of the classes' names.
 */
export function classifyLayout({
  format,
  scores,
  labels,
  topK = 5,
  csvSafe = false,
}: ClassifyLayoutOptions): OutputLayout {
  const tensor: TensorSpec = { name: scores, dtype: 'float32', shape: [labels.length] };
  if (format === 'npy')
    return {
      kind: 'scores',
      text: indexCsv({ safe: csvSafe }),
      arrays: [tensor],
      classes: classesCsv(labels, { safe: csvSafe }),
      settings: { format, scores, csvSafe, labels: digestOf(labels) },
    };
  const k = Math.min(topK, labels.length);
  const encodings = { csv: csvEncoding, jsonl: jsonlEncoding };
  return {
    kind: 'text',
    text: encodings[format]({ tensor, labels, k }, { safe: csvSafe }),
    arrays: [],
    settings: { format, scores, csvSafe, topK: k, labels: digestOf(labels) },
  };
}

function digestOf(labels: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(labels)).digest('hex');
}

function csvEncoding(predicted: Predicted, style: CsvStyle): TextEncoding {
  const ranks = Array.from({ length: predicted.k }, (_, i) => i + 1);
  const columns = ranks.flatMap((rank) => [`index_${rank}`, `label_${rank}`, `score_${rank}`]);
  return {
    header: csvLine(['path', ...columns, 'error']),
    text(row) {
      if (row.status === 'failed') {
        return csvLine([row.path, ...emptyCells(columns.length), failureCell(row.failure)], style);
      }
      const cells = predictions(row, predicted).flatMap(({ index, label, score }) => [index, label, score]);
      return csvLine([row.path, ...cells, ''], style);
    },
    paths: (text) => csvPaths(text, 0),
    renamed: (text, path) => csvRenamed(text, 0, path, style),
  };
}

function jsonlEncoding(predicted: Predicted): TextEncoding {
  return {
    header: '',
    text: (row) =>
      row.status === 'failed'
        ? jsonLine({ path: row.path, error: failureJson(row.failure) })
        : jsonLine({ path: row.path, predictions: predictions(row, predicted) }),
    paths: jsonPaths,
    renamed: jsonRenamed,
  };
}

function predictions(row: OkRow, { tensor, labels, k }: Predicted): Prediction[] {
  const scores = asFloat32(rowTensor(row, tensor).data);
  return topK(scores, k).map((index) => ({
    index,
    label: labels[index] ?? '',
    score: float32Decimal(scores[index] ?? NaN),
  }));
}
