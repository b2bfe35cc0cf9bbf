import { BLOCKS } from '../blocks/registry.js';
import {
  type BlockInit,
  type ByoBlockCfg,
  type ByoModelCfg,
  block,
  type Kwargs,
  type ModelInit,
  model,
  type NormCfg,
} from '../config/byo-cfg.js';
import {
  ignored,
  integer,
  nonEmpty,
  number,
  object,
  oneOf,
  optional,
  type Reader,
  record,
  string,
} from '../fields.js';
import { ACTIVATIONS } from '../layers/activation.js';
import { ANTI_ALIAS } from '../layers/anti-alias.js';
import { CHANNEL_ATTN } from '../layers/channel-attn/registry.js';
import { HEADS } from '../layers/heads/registry.js';
import { NORMS } from '../layers/norms/registry.js';
import { SELF_ATTN_LAYERS } from '../layers/self-attn/registry.js';
import { DOWNSAMPLES } from '../layers/shortcut.js';
import { STEM_POOLS, STEMS } from '../stem.js';

const kwargs: Reader<Kwargs> = record;

type Registry = Readonly<Record<string, unknown>>;

/** timm accepts names in any case. */
const lowerCase = (name: string): string => name.toLowerCase();

/** timm's `norm_layer` names may contain underscores, and a suffix after a hyphen. */
const normName = (name: string): string => lowerCase(name).replaceAll('_', '').split('-', 1)[0] ?? '';

const aaName = (name: string): string => lowerCase(name).replace(/[_-]/g, '');

/** Reads a registry name, with the registry's spelling; a missing one is timm's default. */
const name =
  (registry: Registry, canonical = lowerCase): Reader<string | undefined> =>
  (value, where) => {
    if (value === undefined || value === null) return undefined;
    const spelled = typeof value === 'string' ? canonical(value) : '';
    return typeof value === 'string' && Object.hasOwn(registry, spelled)
      ? spelled
      : oneOf(Object.keys(registry))(value, where);
  };

/** Reads a registry name or none, which timm writes as null or ''. A missing one is timm's default. */
const nameOrNone = (registry: Registry, canonical = lowerCase): Reader<string | undefined> => {
  const read = name({ ...registry, '': undefined }, canonical);
  return (value, where) => (value === null ? '' : read(value, where));
};

/** Reads a name, or an object of a name (`type`) and the keyword arguments bound to it. */
const norm: Reader<NormCfg | undefined> = (value, where) => {
  const read = name(NORMS, normName);
  if (typeof value !== 'object' || value === null) return read(value, where);
  const { type, ...bound } = record(value, where);
  return { ...bound, type: read(string(type, `${where}.type`), `${where}.type`) ?? '' };
};

const channels = integer(1, 65_536);

const stemChs: Reader<number | readonly number[] | undefined> = (value, where) =>
  Array.isArray(value)
    ? nonEmpty(channels)(value, where)
    : optional(integer(0, 65_536), undefined)(value, where);

type Fields<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Reads as {@link nameOrNone}, except that null means the model's layer. */
const nameOrTheModels = (registry: Registry): Reader<string | null | undefined> => {
  const read = nameOrNone(registry);
  return (value, where) => (value === null ? null : read(value, where));
};

const blockType: Reader<string> = (value, where) => name(BLOCKS)(string(value, where), where) ?? '';

const blockFields = object<Fields<ByoBlockCfg>>({
  type: blockType,
  d: integer(1, 1000),
  c: number(1, 65_536), // timm rounds it after applying the width factor
  s: optional(integer(1, 32), undefined),
  gs: optional(integer(0, 65_536), undefined),
  br: optional(number(1e-3, 1000), undefined),
  attn_layer: nameOrTheModels(CHANNEL_ATTN),
  attn_kwargs: optional(kwargs, undefined),
  self_attn_layer: nameOrTheModels(SELF_ATTN_LAYERS),
  self_attn_kwargs: optional(kwargs, undefined),
  block_kwargs: optional(kwargs, undefined),
});

const blockCfg: Reader<readonly ByoBlockCfg[]> = (value, where) =>
  block(blockFields(value, where) as BlockInit);

// timm writes a stage as one block or as a list of blocks
const stage: Reader<readonly ByoBlockCfg[]> = (value, where) =>
  Array.isArray(value) ? nonEmpty(blockCfg)(value, where).flat() : blockCfg(value, where);

interface WithoutEffect {
  readonly zero_init_last: undefined;
  readonly fixed_input_size: undefined;
}

/** Readers of the fields of a `model_cfg`. */
export const MODEL_FIELDS: {
  readonly [K in keyof (ByoModelCfg & WithoutEffect)]: Reader<(Fields<ByoModelCfg> & WithoutEffect)[K]>;
} = {
  blocks: nonEmpty(stage),
  downsample: nameOrNone(DOWNSAMPLES),
  stem_type: nameOrNone(STEMS),
  stem_pool: nameOrNone(STEM_POOLS),
  stem_chs: stemChs,
  width_factor: optional(number(1e-3, 1000), undefined),
  num_features: optional(integer(0, 65_536), undefined),
  act_layer: name(ACTIVATIONS),
  norm_layer: norm,
  aa_layer: nameOrNone(ANTI_ALIAS, aaName),
  head_type: nameOrNone(HEADS),
  head_hidden_size: optional(channels, undefined),
  attn_layer: nameOrNone(CHANNEL_ATTN),
  attn_kwargs: optional(kwargs, undefined),
  self_attn_layer: nameOrNone(SELF_ATTN_LAYERS),
  self_attn_kwargs: optional(kwargs, undefined),
  block_kwargs: optional(kwargs, undefined),
  zero_init_last: ignored, // only for initialisation
  fixed_input_size: ignored, // layers check the supported sizes themselves
};

const modelFields = object<Fields<ByoModelCfg> & WithoutEffect>(MODEL_FIELDS);

/**
 * Parses a `model_cfg` as timm writes it, with timm's defaults for missing fields. Names must be in the registries.
 *
 * @throws ModelError naming the field, what was expected and what was found
 */
export const modelCfg: Reader<ByoModelCfg> = (value, where) => model(modelFields(value, where) as ModelInit);
