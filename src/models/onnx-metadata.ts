import { FormatError } from '../errors.js';
import type { PretrainedCfg } from '../model/config/pretrained.js';
import {
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  type Reader,
  record,
  string,
} from '../model/fields.js';
import type { ModelFacts, Precision } from './model-source.js';

/** An output of an ONNX file. */
export interface RecordedOutput {
  readonly name: string;
  readonly kind: 'logits' | 'probabilities' | 'embedding' | 'map';
  readonly shape: readonly number[]; // of one image
}

/** The record in an ONNX file that makes it usable without its original checkpoint. */
export interface ModelRecord {
  readonly config: ModelFacts; // `pretrained` is what the file was converted for
  readonly outputs: readonly RecordedOutput[];
  readonly precision: Precision;
  readonly toolVersion: string;
}

const KEY = 'halonet'; // of the model's metadata_props
const VERSION = 1; // of the record's format

export function kindOf(output: string): RecordedOutput['kind'] {
  return output === 'logits' || output === 'probabilities' || output === 'embedding' ? output : 'map';
}

/** Returns the metadata of an ONNX file: the record as JSON under `halonet`, and the most useful facts for people. */
export function writeRecord({
  config,
  outputs,
  precision,
  toolVersion,
}: ModelRecord): Record<string, string> {
  const { architecture, numClasses, labelNames, labelDescriptions, pretrained } = config;
  const { height, width, cropPct, cropMode, interpolation } = pretrained;
  const json = {
    version: VERSION,
    toolVersion,
    architecture,
    precision,
    numClasses,
    preprocessing: pretrained,
    outputs,
    ...(labelNames && { labelNames }),
    ...(labelDescriptions && { labelDescriptions: Object.fromEntries(labelDescriptions) }),
  };
  return {
    [KEY]: JSON.stringify(json),
    architecture,
    input: `pixels: uint8 [batch, ${height}, ${width}, 3], RGB; mean and std are in the graph`,
    outputs: outputs.map(({ name, shape }) => `${name} [batch, ${shape.join(', ')}]`).join('; '),
    preprocessing: `${interpolation}, crop ${cropPct} (${cropMode})`,
  };
}

/**
 * Reads the record of an ONNX file.
 *
 * @param where the path for error messages
 * @throws FormatError if there is none, or its version is newer
 * @throws ModelError if it is invalid
 */
export function readRecord(metadata: Readonly<Record<string, string>>, where: string): ModelRecord {
  const text = metadata[KEY];
  if (text === undefined) {
    throw new FormatError(
      `${where}: this ONNX file was not written by halonet convert (its metadata has no "${KEY}")`,
      {
        hint: 'Other ONNX files cannot be used. Make one from a checkpoint: halonet convert MODEL --output FILE.onnx',
      },
    );
  }
  const json = record(parse(text, where), `${where}: ${KEY}`);
  if (json.version !== VERSION) {
    throw new FormatError(
      `${where}: its metadata is of version ${JSON.stringify(json.version) ?? 'unknown'}; expected ${VERSION}`,
      { hint: 'Convert again with this version: halonet convert MODEL --output FILE.onnx' },
    );
  }
  const field = <T>(name: string, reader: Reader<T>): T => reader(json[name], `${where}: ${KEY}.${name}`);
  const numClasses = field('numClasses', integer(0));
  const descriptions = field('labelDescriptions', optional(record, undefined));
  const entries = Object.entries(descriptions ?? {});
  return {
    config: {
      architecture: field('architecture', string),
      numClasses,
      pretrained: field('preprocessing', readPreprocessing),
      labelNames: field('labelNames', optional(list(string, numClasses), undefined)),
      labelDescriptions:
        descriptions && new Map(entries.map(([name, text]) => [name, string(text, `${where}: ${name}`)])),
    },
    outputs: field('outputs', list(readOutput)),
    precision: field('precision', oneOf(['fp32', 'fp16'])),
    toolVersion: field('toolVersion', string),
  };
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${where}: its metadata "${KEY}" is not valid JSON`, { cause });
  }
}

const triple =
  (item: Reader<number>): Reader<readonly [number, number, number]> =>
  (value, where) => {
    const [r = 0, g = 0, b = 0] = list(item, 3)(value, where);
    return [r, g, b];
  };

const readPreprocessing: Reader<PretrainedCfg> = object<PretrainedCfg>({
  height: integer(1),
  width: integer(1),
  mean: triple(number()),
  std: triple(number()),
  cropPct: number(0.01, 1),
  cropMode: oneOf(['center', 'squash', 'border']),
  interpolation: oneOf(['bicubic', 'bilinear']),
});

const readOutput: Reader<RecordedOutput> = object<RecordedOutput>({
  name: string,
  kind: oneOf(['logits', 'probabilities', 'embedding', 'map']),
  shape: list(integer(1)),
});
