import { readFile, stat } from 'node:fs/promises';
import { FormatError, ModelError } from '../errors.js';
import { decodeOnnx, readOnnxMetadata } from '../formats/onnx/decode.js';
import type { Graph } from '../graph.js';
import type { BuiltModel } from '../model/build.js';
import type { PretrainedCfg } from '../model/config/pretrained.js';
import { extendModel } from '../model/extend.js';
import { systemReason } from '../system-reason.js';
import type { ModelFacts, ModelSource, Precision } from './model-source.js';
import { readRecord } from './onnx-metadata.js';
import { type EvaluationOverrides, overridden } from './preprocessing.js';

/** Whether a model name means an ONNX file: by its extension, unless it is a folder. */
export async function isOnnxFile(model: string): Promise<boolean> {
  if (!/\.onnx$/i.test(model)) return false;
  return !(await stat(model).catch(() => undefined))?.isDirectory();
}

/** Returns the error for --architecture with an ONNX file. */
export function architectureFixed(): ModelError {
  return new ModelError('--architecture is for checkpoints: the architecture of an ONNX file is fixed', {
    hint: 'Leave out --architecture.',
  });
}

/** An ONNX file made by `halonet convert`. */
export interface OnnxModel {
  readonly graph: Graph;
  readonly config: ModelFacts; // `pretrained` is what the file was converted for
  readonly precision: Precision;
}

/**
 * Reads an ONNX file made by `halonet convert`.
 *
 * @throws ModelError if it cannot be read
 * @throws FormatError if it is damaged, or another tool made it
 */
export async function readOnnxModel(path: string): Promise<OnnxModel> {
  const file = await read(path);
  const { config, precision } = readRecord(readOnnxMetadata(file, path), path);
  const { graph } = decodeOnnx(file, path);
  checkSignature(graph, config.pretrained, path);
  return { graph, config, precision };
}

/**
 * Opens an ONNX file made by `halonet convert`.
 *
 * @throws HalonetError as {@link readOnnxModel}
 */
export async function openOnnxModel(path: string): Promise<ModelSource> {
  const { graph, config, precision } = await readOnnxModel(path);
  return {
    config,
    path,
    precision,
    network: undefined,
    outputs: graph.outputs.map(({ name }) => name),
    build: (outputs, overrides) => {
      checkOverrides(config.pretrained, overrides, path);
      const model = extendModel(graph, outputs, path);
      checkClasses(model.shapes, config.numClasses, path);
      return model;
    },
  };
}

const MAKE_FIRST = 'Make it first: halonet convert MODEL --output FILE.onnx';

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ModelError(`cannot read the model ${JSON.stringify(path)}: ${systemReason(cause)}`, {
      hint: missing ? MAKE_FIRST : undefined,
      cause,
    });
  }
}

/** Checks that there are as many labels as scores. */
function checkClasses(
  { logits, probabilities = logits }: BuiltModel['shapes'],
  classes: number,
  path: string,
) {
  if (probabilities !== undefined && probabilities.join() !== String(classes))
    throw new FormatError(
      `${path}: its scores are of shape [${probabilities}]; its metadata says ${classes}`,
    );
}

/** Checks that the graph has one input, for images of the size in the record. */
function checkSignature({ inputs, outputs }: Graph, { height, width }: PretrainedCfg, path: string): void {
  const show = ({ name, dtype, shape }: (typeof inputs)[number]) => `${name}: ${dtype} [${shape.join(', ')}]`;
  const expected = show({ name: 'pixels', dtype: 'uint8', shape: ['batch', height, width, 3] });
  const found = inputs.map(show).join('; ');
  if (found !== expected)
    throw new FormatError(`${path}: its input is ${found || 'missing'}; its metadata says ${expected}`);
  const odd = outputs.find(({ dtype }) => dtype !== 'float32');
  if (odd !== undefined)
    throw new FormatError(`${path}: its output ${odd.name} is ${odd.dtype}; expected float32`);
}

/** Refuses overrides of size, mean and std, which are part of the graph. */
function checkOverrides(own: PretrainedCfg, overrides: EvaluationOverrides, path: string): void {
  const wanted = overridden(own, overrides);
  const fixed = [
    ['--image-size', `${own.height}x${own.width}`, `${wanted.height}x${wanted.width}`],
    ['--mean', own.mean.join(','), wanted.mean.join(',')],
    ['--std', own.std.join(','), wanted.std.join(',')],
  ] as const;
  for (const [flag, has, asked] of fixed) {
    if (has === asked) continue;
    throw new ModelError(`${path}: ${flag} is fixed at ${has}; received ${asked}`, {
      hint: `Convert again: halonet convert MODEL ${flag} ${asked} --output FILE.onnx`,
    });
  }
}
