import { ModelError } from '../../errors.js';
import { BLOCKS } from '../blocks/registry.js';
import { ACTIVATIONS } from '../layers/activation.js';
import { HEADS } from '../layers/head.js';
import { NORMS } from '../layers/norm.js';
import { SELF_ATTN_LAYERS } from '../layers/self-attn.js';
import { DOWNSAMPLES } from '../layers/shortcut.js';
import { STEM_POOLS, STEMS } from '../layers/stem.js';
import { ARCHITECTURES } from './architectures.js';
import {
  type BlockInit,
  type ByoBlockCfg,
  type ByoModelCfg,
  block,
  type Kwargs,
  type ModelInit,
  model,
} from './byo-cfg.js';
import {
  integer,
  list,
  nonEmpty,
  number,
  object,
  oneOf,
  optional,
  type Reader,
  record,
  string,
} from './fields.js';

/** How the checkpoint was evaluated: timm's `pretrained_cfg`, under our names. */
export interface PretrainedCfg {
  readonly height: number; // pixels
  readonly width: number; // pixels
  readonly mean: readonly [number, number, number]; // RGB, of 1
  readonly std: readonly [number, number, number];
  readonly cropPct: number;
  readonly cropMode: 'center' | 'squash' | 'border';
  readonly interpolation: 'bicubic' | 'bilinear';
}

/** A checkpoint's config.json, checked. */
export interface ModelConfig {
  readonly architecture: string;
  readonly cfg: ByoModelCfg;
  readonly numClasses: number; // 0: no classifier
  readonly pretrained: PretrainedCfg;
  readonly labelNames: readonly string[] | undefined; // one per class
  readonly labelDescriptions: ReadonlyMap<string, string> | undefined; // by label name
}

const kwargs: Reader<Kwargs> = record;

/** A name of a registry; missing, timm's default. */
const name = (registry: Readonly<Record<string, unknown>>) =>
  optional(oneOf(Object.keys(registry)), undefined);

/** A name of a registry, or none: timm writes null or ''. Missing, timm's default. */
const nameOrNone =
  (registry: Readonly<Record<string, unknown>>): Reader<string | undefined> =>
  (value, where) =>
    value === undefined ? undefined : optional(oneOf(['', ...Object.keys(registry)]), '')(value, where);

/** A field that this version accepts only at the values that change nothing. */
const without =
  (...harmless: readonly unknown[]): Reader<undefined> =>
  (value, where) => {
    const empty = typeof value === 'object' && (value === null || Object.keys(value).length === 0);
    if (value !== undefined && !empty && !harmless.includes(value)) {
      throw new ModelError(`${where}: ${JSON.stringify(value)} is not supported by this version`);
    }
    return undefined;
  };

const channels = integer(1, 65_536);

type Fields<T> = { readonly [K in keyof T]: T[K] | undefined };

const blockFields = object<
  Fields<ByoBlockCfg> & { readonly attn_layer: undefined; readonly attn_kwargs: undefined }
>({
  type: oneOf(Object.keys(BLOCKS)),
  d: integer(1, 1000),
  c: channels,
  s: optional(integer(1, 2), undefined),
  gs: optional(integer(0, 65_536), undefined),
  br: optional(number(1e-3, 1000), undefined),
  attn_layer: without(''),
  attn_kwargs: without(),
  self_attn_layer: nameOrNone(SELF_ATTN_LAYERS),
  self_attn_kwargs: optional(kwargs, undefined),
  block_kwargs: optional(kwargs, undefined),
});

const blockCfg: Reader<readonly ByoBlockCfg[]> = (value, where) => {
  const { self_attn_layer: layer } = record(value, where);
  const fields = blockFields(value, where);
  // null is the model's layer; '' is none
  return block({
    ...(fields as BlockInit),
    self_attn_layer: layer === null ? null : (fields.self_attn_layer ?? null),
  });
};

// timm writes a stage as one block or as a list of blocks
const stage: Reader<readonly ByoBlockCfg[]> = (value, where) =>
  Array.isArray(value) ? nonEmpty(blockCfg)(value, where).flat() : blockCfg(value, where);

interface WithoutEffect {
  readonly attn_layer: undefined;
  readonly attn_kwargs: undefined;
  readonly aa_layer: undefined;
  readonly head_hidden_size: undefined;
  readonly zero_init_last: undefined;
  readonly fixed_input_size: undefined;
}

const modelFields = object<Fields<ByoModelCfg> & WithoutEffect>({
  blocks: nonEmpty(stage),
  downsample: name(DOWNSAMPLES),
  stem_type: name(STEMS),
  stem_pool: nameOrNone(STEM_POOLS),
  stem_chs: optional(channels, undefined),
  width_factor: optional(number(1e-3, 1000), undefined),
  num_features: optional(integer(0, 65_536), undefined),
  act_layer: name(ACTIVATIONS),
  norm_layer: name(NORMS),
  head_type: name(HEADS),
  self_attn_layer: nameOrNone(SELF_ATTN_LAYERS),
  self_attn_kwargs: optional(kwargs, undefined),
  block_kwargs: optional(kwargs, undefined),
  attn_layer: without(''),
  attn_kwargs: without(),
  aa_layer: without(''),
  head_hidden_size: without(),
  zero_init_last: without(true, false), // an initialisation
  fixed_input_size: without(true, false), // halo blocks say themselves which sizes they tile
});

/**
 * Checks the text of a checkpoint's `config.json` (timm's hub format, with an optional `model_cfg` of its own).
 *
 * @param where the path or URL that errors speak of
 * @throws ModelError naming the field, what was expected and what was found
 */
export function parseModelConfig(text: string, where: string): ModelConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`${where}: not valid JSON`, { cause });
  }
  const root = record(json, where);
  const architecture = string(root.architecture, `${where}: architecture`);
  without('avg')(root.global_pool, `${where}: global_pool`);
  without()(root.model_args, `${where}: model_args`);
  const pretrained = record(root.pretrained_cfg ?? root, `${where}: pretrained_cfg`);
  const numClasses = integer(0)(root.num_classes ?? pretrained.num_classes, `${where}: num_classes`);
  const labelNames = optional(list(string), undefined)(
    root.label_names ?? pretrained.label_names,
    `${where}: label_names`,
  );
  if (labelNames !== undefined && labelNames.length !== numClasses) {
    throw new ModelError(`${where}: label_names has ${labelNames.length} names for ${numClasses} classes`);
  }
  return {
    architecture,
    cfg: readModelCfg(root.model_cfg, architecture, where),
    numClasses,
    pretrained: readPretrained(pretrained, `${where}: pretrained_cfg`),
    labelNames,
    labelDescriptions: readDescriptions(
      root.label_descriptions ?? pretrained.label_descriptions,
      `${where}: label_descriptions`,
    ),
  };
}

function readModelCfg(value: unknown, architecture: string, where: string): ByoModelCfg {
  if (value !== undefined && value !== null)
    return model(modelFields(value, `${where}: model_cfg`) as ModelInit);
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) {
    throw new ModelError(`${where}: unknown architecture ${JSON.stringify(architecture)}`, {
      hint: `Known: ${Object.keys(ARCHITECTURES).join(', ')}. A config.json may describe its own in "model_cfg".`,
    });
  }
  return known.cfg;
}

function readPretrained(source: Readonly<Record<string, unknown>>, where: string): PretrainedCfg {
  const triple = (field: string, reader: Reader<number>) => {
    const [r = 0, g = 0, b = 0] = list(reader, 3)(source[field], `${where}.${field}`);
    return [r, g, b] as const;
  };
  const [channels, height, width] = triple('input_size', integer(1));
  if (channels !== 3) throw new ModelError(`${where}.input_size: expected 3 channels, received ${channels}`);
  return {
    height,
    width,
    mean: triple('mean', number()),
    std: triple('std', number(1e-6)),
    cropPct: optional(number(0.01, 1), 0.875)(source.crop_pct, `${where}.crop_pct`),
    cropMode: optional(oneOf(['center', 'squash', 'border']), 'center' as const)(
      source.crop_mode,
      `${where}.crop_mode`,
    ),
    interpolation: optional(oneOf(['bicubic', 'bilinear']), 'bicubic' as const)(
      source.interpolation,
      `${where}.interpolation`,
    ),
  };
}

function readDescriptions(value: unknown, where: string): ReadonlyMap<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  return new Map(
    Object.entries(record(value, where)).map(([label, text]) => [label, string(text, `${where}.${label}`)]),
  );
}
