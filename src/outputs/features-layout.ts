import type { Tensor } from '../tensor.js';
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
import { unpooledCsv } from './format.js';
import { indexCsv } from './index-csv.js';
import { failureJson, jsonLine, jsonPaths, jsonRenamed } from './json-line.js';
import type { OutputLayout, TextEncoding } from './layout.js';
import type { FloatDType } from './npy.js';
import type { OutputFormat } from './output-name.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';

export interface StageSpec {
  readonly name: string; // stage0, stage1, …
  readonly shape: readonly number[]; // [C, H, W], or [C] pooled
}

export interface FeaturesLayoutOptions {
  readonly format: OutputFormat;
  readonly stages: readonly StageSpec[]; // in the order of the output
  readonly dtype: FloatDType; // element type of every stage
  readonly csvSafe?: boolean; // CSV is made harmless for spreadsheets
}

/**
 * The output of `features`: NPY is a folder with a `[N, ...shape]` per stage and an index,
 * JSONL a line per image with base64 data, CSV (pooled stages only) a line per image and stage.
 * @throws {OutputError} for CSV of unpooled stages
 */
export function featuresLayout({
  format,
  stages,
  dtype,
  csvSafe = false,
}: FeaturesLayoutOptions): OutputLayout {
  const tensors = stages.map(({ name, shape }): TensorSpec => ({ name, dtype, shape }));
  const settings = { format, dtype, csvSafe };
  if (format === 'npy')
    return { kind: 'folder', text: indexCsv({ safe: csvSafe }), arrays: tensors, settings };
  const encodings = { csv: csvEncoding, jsonl: jsonlEncoding };
  return { kind: 'text', text: encodings[format](tensors, { safe: csvSafe }), arrays: [], settings };
}

/** Stages differ in channels: rows are padded with empty cells to the widest. */
function csvEncoding(tensors: readonly TensorSpec[], style: CsvStyle): TextEncoding {
  if (tensors.some(({ shape }) => shape.length !== 1)) throw unpooledCsv();
  const width = Math.max(0, ...tensors.map(({ shape }) => shape[0] ?? 0));
  const columns = Array.from({ length: width }, (_, i) => `f${i}`);
  return {
    header: csvLine(['path', 'stage', ...columns, 'error']),
    text: (row) =>
      tensors
        .map((tensor) => {
          const start = [row.path, tensor.name];
          if (row.status === 'failed') {
            return csvLine([...start, ...emptyCells(width), failureCell(row.failure)], style);
          }
          const values = decimals(rowTensor(row, tensor));
          return csvNumbersLine(start, values, emptyCells(width - values.length + 1), style);
        })
        .join(''),
    paths: (text) => csvPaths(text, 0),
    renamed: (text, path) => csvRenamed(text, 0, path, style),
  };
}

function jsonlEncoding(tensors: readonly TensorSpec[]): TextEncoding {
  return {
    header: '',
    text(row) {
      if (row.status === 'failed') return jsonLine({ path: row.path, error: failureJson(row.failure) });
      const stages = tensors.map((tensor) => [tensor.name, encodeTensor(rowTensor(row, tensor))]);
      return jsonLine({ path: row.path, stages: Object.fromEntries(stages) });
    },
    paths: jsonPaths,
    renamed: jsonRenamed,
  };
}

function encodeTensor({ shape, dtype, data }: Tensor) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype, data: bytes.toString('base64') }; // little-endian
}
