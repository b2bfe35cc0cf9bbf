import type { RowSink } from '../rows.js';
import type { ChannelOptions } from './byte-channel.js';
import { csvLine, csvNumbersLine, emptyCells, failureCell } from './csv.js';
import { decimals } from './float-text.js';
import type { OutputFormat } from './format.js';
import { openMatrixSink } from './matrix-sink.js';
import type { FloatDType } from './npy.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';
import { failureJson, jsonLine, openTextSink, type TextLayout } from './text-sink.js';

export interface EmbedSinkOptions extends ChannelOptions {
  readonly format: OutputFormat;
  readonly features: number; // elements of each row's `embedding`
  readonly dtype: FloatDType; // element type of each row's `embedding`
}

const TEXT_LAYOUTS: Readonly<Record<'csv' | 'jsonl', (tensor: TensorSpec) => TextLayout>> = {
  csv: csvLayout,
  jsonl: jsonlLayout,
};

/**
 * Opens the output of `embed`: one embedding per image, as NPY `[N, features]` with an index CSV
 * beside it, or as CSV or JSONL.
 * @throws {OutputError} where the output exists or cannot be written, before any row
 */
export async function openEmbedSink(options: EmbedSinkOptions): Promise<RowSink> {
  const { format, features, dtype } = options;
  const tensor: TensorSpec = { name: 'embedding', dtype, shape: [features] };
  if (format === 'npy') return openMatrixSink({ ...options, tensor });
  return openTextSink(options, TEXT_LAYOUTS[format](tensor));
}

function csvLayout(tensor: TensorSpec): TextLayout {
  const [features = 0] = tensor.shape;
  const columns = Array.from({ length: features }, (_, i) => `e${i}`);
  return {
    header: csvLine(['path', ...columns, 'error']),
    text: (row) =>
      row.status === 'failed'
        ? csvLine([row.path, ...emptyCells(features), failureCell(row.failure)])
        : csvNumbersLine([row.path], decimals(rowTensor(row, tensor)), ['']),
  };
}

function jsonlLayout(tensor: TensorSpec): TextLayout {
  return {
    header: '',
    text: (row) =>
      row.status === 'failed'
        ? jsonLine({ path: row.path, error: failureJson(row.failure) })
        : jsonLine({ path: row.path, embedding: decimals(rowTensor(row, tensor)) }),
  };
}
