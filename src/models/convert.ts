import type { Writable } from 'node:stream';
import { writeWholeFile } from '../files/whole-file.js';
import { encodeOnnx, ONNX_OPSET } from '../formats/onnx/encode.js';
import { toStandardOps } from '../model/passes/standard-ops.js';
import type { CheckpointOptions } from './checkpoint.js';
import type { ModelSource, Precision } from './model-source.js';
import { checkOnnxFile } from './onnx-file.js';
import { kindOf, writeRecord } from './onnx-metadata.js';
import { openModel } from './open-model.js';
import { toFloats } from './precision.js';
import { type EvaluationOverrides, overridden } from './preprocessing.js';

export interface ConvertOptions extends CheckpointOptions {
  readonly model: string; // as in a job
  readonly output: string; // a path, or '-' for `stdout`
  readonly overwrite: boolean;
  readonly stdout: Writable;
  readonly outputs: readonly string[] | undefined; // undefined: the model's default outputs
  readonly precision: Precision;
  readonly preprocessing: EvaluationOverrides;
  readonly toolVersion: string;
}

/** The result of a conversion. */
export interface ConvertSummary {
  readonly bytes: number;
  readonly outputs: readonly string[];
  readonly opset: number;
}

/**
 * Writes a model as a self-contained ONNX file of standard operators, with metadata that makes it usable on its
 * own. The file gets its name only once it is complete.
 *
 * @throws HalonetError if the model cannot be converted with these settings, or the output cannot be written;
 *   leaves nothing behind
 */
export async function convertModel(options: ConvertOptions): Promise<ConvertSummary> {
  await checkOnnxFile(options.output, options.overwrite);
  const { onnx, outputs } = await convert(options);
  await writeWholeFile(onnx, options);
  return { bytes: onnx.byteLength, outputs, opset: Number(ONNX_OPSET) };
}

/** Returns the file's bytes. Releases the model on return. */
async function convert(options: ConvertOptions) {
  const { hub, architecture, onDownload, onNote, signal } = options;
  const source = await openModel(options.model, { hub, architecture, onDownload, onNote, signal });
  const onnx = onnxFileOf(source, options);
  signal?.throwIfAborted();
  return onnx;
}

/** Returns a model as the bytes of an ONNX file, with the names of its outputs. */
export function onnxFileOf(
  source: ModelSource,
  request: Pick<ConvertOptions, 'outputs' | 'precision' | 'preprocessing' | 'toolVersion'>,
): { readonly onnx: Uint8Array; readonly outputs: readonly string[] } {
  const { precision, preprocessing, toolVersion } = request;
  const outputs = request.outputs ?? source.outputs;
  const { graph, shapes } = source.build(
    outputs.map((name) => ({ name })),
    preprocessing,
  );
  const converted = toFloats(toStandardOps(graph), source.precision, precision);
  const record = {
    precision,
    toolVersion,
    config: { ...source.config, pretrained: overridden(source.config.pretrained, preprocessing) },
    outputs: outputs.map((name) => ({ name, kind: kindOf(name), shape: shapes[name] ?? [] })),
  };
  return { onnx: encodeOnnx(converted, writeRecord(record)), outputs };
}
