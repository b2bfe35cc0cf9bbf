import {
  type CsvStyle,
  csvLine,
  csvNumbersLine,
  csvPaths,
  csvRenamed,
  emptyCells,
  failureCell,
} from './csv.js';
import { decimals } from './float-text.js';
import { indexCsv } from './index-csv.js';
import { failureJson, jsonLine, jsonPaths, jsonRenamed } from './json-line.js';
import type { OutputLayout, TextEncoding } from './layout.js';
import type { FloatDType } from './npy.js';
import type { OutputFormat } from './output-name.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';

export interface EmbedLayoutOptions {
  readonly format: OutputFormat;
  readonly features: number; // elements of each row's `embedding`
  readonly dtype: FloatDType; // element type of each row's `embedding`
  readonly csvSafe?: boolean; // CSV is made harmless for spreadsheets
}

/**
 * The output of `embed`: one embedding per image, as NPY `[N, features]` with an index CSV
 * beside it, or as CSV or JSONL.
 */
export function embedLayout({ format, features, dtype, csvSafe = false }: EmbedLayoutOptions): OutputLayout {
  const tensor: TensorSpec = { name: 'embedding', dtype, shape: [features] };
  const settings = { format, dtype, csvSafe };
  if (format === 'npy')
    return { kind: 'matrix', text: indexCsv({ safe: csvSafe }), arrays: [tensor], settings };
  const encodings = { csv: csvEncoding, jsonl: jsonlEncoding };
  return { kind: 'text', text: encodings[format](tensor, { safe: csvSafe }), arrays: [], settings };
}

function csvEncoding(tensor: TensorSpec, style: CsvStyle): TextEncoding {
  const [features = 0] = tensor.shape;
  const columns = Array.from({ length: features }, (_, i) => `e${i}`);
  return {
    header: csvLine(['path', ...columns, 'error']),
    text: (row) =>
      row.status === 'failed'
        ? csvLine([row.path, ...emptyCells(features), failureCell(row.failure)], style)
        : csvNumbersLine([row.path], decimals(rowTensor(row, tensor)), [''], style),
    paths: (text) => csvPaths(text, 0),
    renamed: (text, path) => csvRenamed(text, 0, path, style),
  };
}

function jsonlEncoding(tensor: TensorSpec): TextEncoding {
  return {
    header: '',
    text: (row) =>
      row.status === 'failed'
        ? jsonLine({ path: row.path, error: failureJson(row.failure) })
        : jsonLine({ path: row.path, embedding: decimals(rowTensor(row, tensor)) }),
    paths: jsonPaths,
    renamed: jsonRenamed,
  };
}
