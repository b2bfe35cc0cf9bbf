import { ModelError } from '../../errors.js';
import type { Tag } from '../config/architectures/architecture.js';
import { ARCHITECTURES, defaultTag } from '../config/architectures/index.js';
import type { ByoModelCfg } from '../config/byo-cfg.js';
import type { NetworkConfig } from '../config/network.js';
import type { PretrainedCfg } from '../config/pretrained.js';
import { type TimmName, unknownArchitecture } from '../config/timm-name.js';
import {
  assertSpelled,
  integer,
  list,
  number,
  oneOf,
  optional,
  type Reader,
  record,
  string,
} from '../fields.js';
import { modelArgs } from './model-args.js';
import { modelCfg } from './model-cfg.js';

/** A checked config.json of a checkpoint. */
export interface ModelConfig extends NetworkConfig {
  readonly architecture: string;
  readonly pretrained: PretrainedCfg;
  readonly labelNames: readonly string[] | undefined; // one per class
  readonly labelDescriptions: ReadonlyMap<string, string> | undefined; // by label name
}

const OUTPUT_STRIDE = 32; // timm's default
const MAX_SIDE = 16_384; // pixels; libvips also refuses larger images

/**
 * Parses a checkpoint's `config.json`: timm's hub format, optionally with a `model_cfg`. Missing values come from
 * timm's table for the architecture.
 *
 * @param where the path or URL for error messages
 * @throws ModelError naming the field, what was expected and what was found
 */
export function parseModelConfig(text: string, where: string): ModelConfig {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, '')); // some editors write a byte order mark
  } catch (cause) {
    throw new ModelError(`${where} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  return readModelConfig(record(json, where), where);
}

// The fields that are read. Shorter names are left out: they are too close to other timm fields to detect
// misspellings.
const ROOT_FIELDS = [
  ...[
    'architecture',
    'num_classes',
    'global_pool',
    'output_stride',
    'pretrained_cfg',
    'model_cfg',
    'model_args',
  ],
  ...['label_names', 'label_descriptions'],
];
const PRETRAINED_FIELDS = [
  ...[
    'input_size',
    'crop_pct',
    'crop_mode',
    'interpolation',
    'num_classes',
    'label_names',
    'label_descriptions',
  ],
];

/** Parses as {@link parseModelConfig} does, from an object. */
export function readModelConfig(root: Readonly<Record<string, unknown>>, where: string): ModelConfig {
  const architecture = string(root.architecture, `${where}: architecture`);
  const args = modelArgs(root.model_args, `${where}: model_args`);
  const source = record(root.pretrained_cfg ?? root, `${where}: pretrained_cfg`);
  assertSpelled(root, ROOT_FIELDS, where);
  assertSpelled(source, PRETRAINED_FIELDS, `${where}: pretrained_cfg`);
  const published = publishedTag(architecture, source.tag);
  const pretrained = readPretrained(source, published?.pretrained, `${where}: pretrained_cfg`);
  const numClasses =
    args.numClasses ??
    integer(0, 1_000_000)(
      root.num_classes ?? source.num_classes ?? published?.numClasses,
      `${where}: num_classes`,
    );
  const cfg = { ...readModelCfg(root.model_cfg, architecture, where), ...args.cfg };
  return {
    architecture,
    source: where,
    cfg,
    numClasses,
    globalPool: args.globalPool ?? readGlobalPool(root.global_pool, cfg, where),
    outputStride:
      args.outputStride ??
      optional(integer(1, 65_536), OUTPUT_STRIDE)(root.output_stride, `${where}: output_stride`),
    trainedSize: args.imageSize ?? { height: pretrained.height, width: pretrained.width },
    pretrained,
    ...readLabels(root, source, numClasses, where),
  };
}

/** Returns the config of a published checkpoint, from timm's table. */
export function configOfTimm({ name, architecture, tag }: TimmName): ModelConfig {
  return readModelConfig({ architecture, pretrained_cfg: { tag } }, name);
}

/**
 * timm writes a model's pool into its config, but on loading uses the head's default pool unless `model_args`
 * override it. A config in which the two differ is therefore ambiguous.
 */
function readGlobalPool(value: unknown, { head_type: head }: ByoModelCfg, where: string): undefined {
  const fallback = head.startsWith('attn') ? 'token' : 'avg';
  const given = optional(string, fallback)(value, `${where}: global_pool`);
  if (given === fallback || given === `fast${fallback}`) return undefined;
  throw new ModelError(`${where}: global_pool is ${JSON.stringify(given)}, which timm does not read there`, {
    hint: `Put it into "model_args": {"global_pool": ${JSON.stringify(given)}}, or leave it out for ${fallback}.`,
  });
}

/** Returns the published checkpoint that a config belongs to, for the values that the config leaves out. */
function publishedTag(architecture: string, tag: unknown): Tag | undefined {
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) return undefined;
  const named = typeof tag === 'string' && Object.hasOwn(known.tags, tag);
  return known.tags[named ? tag : defaultTag(known)];
}

function readModelCfg(value: unknown, architecture: string, where: string): ByoModelCfg {
  if (value !== undefined && value !== null) return modelCfg(value, `${where}: model_cfg`);
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) {
    throw unknownArchitecture(architecture, where);
  }
  return known.cfg;
}

// timm knows more, for training; these are the ones it evaluates with.
const interpolation: Reader<PretrainedCfg['interpolation']> = (value, where) => {
  if (value === 'bicubic' || value === 'bilinear') return value;
  throw new ModelError(`${where}: expected "bicubic" or "bilinear", received ${JSON.stringify(value)}`, {
    hint: 'Put a config.json that names one of these beside the weights.',
  });
};

function readPretrained(
  source: Readonly<Record<string, unknown>>,
  fallback: PretrainedCfg | undefined,
  where: string,
): PretrainedCfg {
  const triple = (
    field: string,
    parts: string,
    reader: Reader<number>,
    missing: readonly number[] | undefined,
  ) => {
    const value = source[field] ?? missing;
    if (value === undefined) throw missingField(`${where}.${field}`, parts);
    const [r = 0, g = 0, b = 0] = list(reader, 3)(value, `${where}.${field}`);
    return [r, g, b] as const;
  };
  const size = fallback && [3, fallback.height, fallback.width];
  const [channels, height, width] = triple(
    'input_size',
    'channels, height, width',
    integer(1, MAX_SIDE),
    size,
  );
  if (channels !== 3) throw new ModelError(`${where}.input_size: expected 3 channels, received ${channels}`);
  return {
    height,
    width,
    mean: triple('mean', 'red, green, blue', number(-1, 1), fallback?.mean), // of pixels scaled to 0..1
    std: triple('std', 'red, green, blue', number(1e-6), fallback?.std),
    cropPct: optional(number(0.01, 1), fallback?.cropPct ?? 0.875)(source.crop_pct, `${where}.crop_pct`),
    cropMode: optional(oneOf(['center', 'squash', 'border']), fallback?.cropMode ?? 'center')(
      source.crop_mode,
      `${where}.crop_mode`,
    ),
    interpolation: optional(interpolation, fallback?.interpolation ?? 'bicubic')(
      source.interpolation,
      `${where}.interpolation`,
    ),
  };
}

function missingField(where: string, parts: string): ModelError {
  return new ModelError(`${where} is missing; expected [${parts}]`, {
    hint: 'Use the config.json that timm published with the checkpoint, or pass --architecture NAME instead of a config.json.',
  });
}

/** Class names and what they stand for. */
function readLabels(
  root: Readonly<Record<string, unknown>>,
  source: Readonly<Record<string, unknown>>,
  numClasses: number,
  where: string,
): Pick<ModelConfig, 'labelNames' | 'labelDescriptions'> {
  const labelNames = optional(list(string), undefined)(
    root.label_names ?? source.label_names,
    `${where}: label_names`,
  );
  if (labelNames !== undefined && labelNames.length !== numClasses) {
    throw new ModelError(`${where}: label_names has ${labelNames.length} names for ${numClasses} classes`, {
      hint: 'Give one name for each class, in the order of the classes, or leave out label_names.',
    });
  }
  const descriptions = root.label_descriptions ?? source.label_descriptions;
  if (descriptions === undefined || descriptions === null)
    return { labelNames, labelDescriptions: undefined };
  const entries = Object.entries(record(descriptions, `${where}: label_descriptions`));
  const labelDescriptions = new Map(
    entries.map(([label, text]) => [label, string(text, `${where}: label_descriptions.${label}`)]),
  );
  return { labelNames, labelDescriptions };
}
