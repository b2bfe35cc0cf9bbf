import { ModelError } from '../../errors.js';
import { BLOCKS } from '../blocks/registry.js';
import { ACTIVATIONS } from '../layers/activation.js';
import { HEADS } from '../layers/head.js';
import { NORMS } from '../layers/norm.js';
import { SELF_ATTN_LAYERS } from '../layers/self-attn.js';
import { DOWNSAMPLES } from '../layers/shortcut.js';
import { STEM_POOLS, STEMS } from '../layers/stem.js';
import { ARCHITECTURES } from './architectures.js';
import type { ByoBlockCfg, ByoModelCfg, Kwargs } from './byo-cfg.js';
import { integer, list, number, object, oneOf, optional, type Reader, record, string } from './fields.js';

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
  readonly labelDescriptions: Readonly<Record<string, string>> | undefined; // by label name
}

const kwargs: Reader<Kwargs> = record;
const names = (registry: Readonly<Record<string, unknown>>) => oneOf(Object.keys(registry));
const noneOr = (registry: Readonly<Record<string, unknown>>) =>
  optional(oneOf(['', ...Object.keys(registry)]), '');

// Fields that this version accepts only at the value that changes nothing.
const unused =
  (...allowed: readonly (string | number | boolean | null)[]): Reader<undefined> =>
  (value, where) => {
    const empty = value === undefined || value === null || allowed.includes(value as string);
    const emptyObject = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (!empty && !emptyObject) {
      throw new ModelError(`${where}: ${JSON.stringify(value)} is not supported by this version`);
    }
    return undefined;
  };

const blockCfg = object<ByoBlockCfg & { attn_layer: undefined; attn_kwargs: undefined }>({
  type: names(BLOCKS),
  d: integer(1),
  c: integer(1),
  s: optional(integer(1), 2),
  gs: optional(integer(0), 0),
  br: optional(number(0), 1),
  attn_layer: unused(''),
  attn_kwargs: unused(),
  self_attn_layer: optional(oneOf(['', ...Object.keys(SELF_ATTN_LAYERS)]), null),
  self_attn_kwargs: optional(kwargs, null),
  block_kwargs: optional(kwargs, null),
});

// timm writes a stage as one block or as a list of blocks
const stage: Reader<readonly ByoBlockCfg[]> = (value, where) =>
  Array.isArray(value) ? list(blockCfg)(value, where) : [blockCfg(value, where)];

interface UnusedModelFields {
  readonly attn_layer: undefined;
  readonly attn_kwargs: undefined;
  readonly aa_layer: undefined;
  readonly head_hidden_size: undefined;
  readonly zero_init_last: undefined;
  readonly fixed_input_size: undefined;
}

const modelCfg = object<ByoModelCfg & UnusedModelFields>({
  blocks: list(stage),
  downsample: optional(names(DOWNSAMPLES), 'conv1x1'),
  stem_type: optional(names(STEMS), 'tiered'),
  stem_pool: noneOr(STEM_POOLS),
  stem_chs: integer(1),
  width_factor: optional(number(0), 1),
  num_features: optional(integer(0), 0),
  act_layer: optional(names(ACTIVATIONS), 'relu'),
  norm_layer: optional(names(NORMS), 'batchnorm'),
  head_type: optional(names(HEADS), 'classifier'),
  self_attn_layer: noneOr(SELF_ATTN_LAYERS),
  self_attn_kwargs: optional(kwargs, {}),
  block_kwargs: optional(kwargs, {}),
  attn_layer: unused(''),
  attn_kwargs: unused(),
  aa_layer: unused(''),
  head_hidden_size: unused(),
  zero_init_last: unused(true, false), // an initialisation, of no effect here
  fixed_input_size: unused(true, false), // halo blocks say themselves which sizes they tile
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
  unused('avg')(root.global_pool, `${where}: global_pool`);
  unused()(root.model_args, `${where}: model_args`);
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
  if (value !== undefined && value !== null) return modelCfg(value, `${where}: model_cfg`);
  const known = ARCHITECTURES[architecture];
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
    std: triple('std', number(Number.MIN_VALUE)),
    cropPct: optional(number(Number.MIN_VALUE), 0.875)(source.crop_pct, `${where}.crop_pct`),
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

function readDescriptions(value: unknown, where: string): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  return Object.fromEntries(
    Object.entries(record(value, where)).map(([name, text]) => [name, string(text, `${where}.${name}`)]),
  );
}
