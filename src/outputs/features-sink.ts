import type { RowSink } from '../rows.js';
import type { Tensor } from '../tensor.js';
import type { ChannelOptions } from './byte-channel.js';
import { csvLine, csvNumbersLine, emptyCells, failureCell } from './csv.js';
import { openFeaturesFolder } from './features-folder.js';
import { decimals } from './float-text.js';
import { type OutputFormat, unpooledCsv } from './format.js';
import type { FloatDType } from './npy.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';
import { failureJson, jsonLine, openTextSink, type TextLayout } from './text-sink.js';

export interface StageSpec {
  readonly name: string; // stage0, stage1, …
  readonly shape: readonly number[]; // [C, H, W], or [C] pooled
}

export interface FeaturesSinkOptions extends ChannelOptions {
  readonly format: OutputFormat;
  readonly stages: readonly StageSpec[]; // in the order of the output
  readonly dtype: FloatDType; // element type of every stage
}

/**
 * Opens the output of `features`: NPY is a folder with a `[N, ...shape]` per stage and an index,
 * JSONL a line per image with base64 data, CSV (pooled stages only) a line per image and stage.
 * @throws {OutputError} for CSV of unpooled stages, or where the output exists or cannot be written
 */
export async function openFeaturesSink(options: FeaturesSinkOptions): Promise<RowSink> {
  const { format, stages, dtype } = options;
  const tensors = stages.map(({ name, shape }): TensorSpec => ({ name, dtype, shape }));
  if (format === 'npy') return openFeaturesFolder({ ...options, tensors });
  return openTextSink(options, format === 'csv' ? csvLayout(tensors) : jsonlLayout(tensors));
}

/** Stages differ in channels: rows are padded with empty cells to the widest. */
function csvLayout(tensors: readonly TensorSpec[]): TextLayout {
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
            return csvLine([...start, ...emptyCells(width), failureCell(row.failure)]);
          }
          const values = decimals(rowTensor(row, tensor));
          return csvNumbersLine(start, values, emptyCells(width - values.length + 1));
        })
        .join(''),
  };
}

function jsonlLayout(tensors: readonly TensorSpec[]): TextLayout {
  return {
    header: '',
    text(row) {
      if (row.status === 'failed') return jsonLine({ path: row.path, error: failureJson(row.failure) });
      const stages = tensors.map((tensor) => [tensor.name, encodeTensor(rowTensor(row, tensor))]);
      return jsonLine({ path: row.path, stages: Object.fromEntries(stages) });
    },
  };
}

function encodeTensor({ shape, dtype, data }: Tensor) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype, data: bytes.toString('base64') }; // little-endian
}
