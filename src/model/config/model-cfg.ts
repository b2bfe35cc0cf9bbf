import { BLOCKS } from '../blocks/registry.js';
import { ACTIVATIONS } from '../layers/activation.js';
import { HEADS } from '../layers/head.js';
import { NORMS } from '../layers/norm.js';
import { SELF_ATTN_LAYERS } from '../layers/self-attn.js';
import { DOWNSAMPLES } from '../layers/shortcut.js';
import { STEM_POOLS, STEMS } from '../layers/stem.js';
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
  nonEmpty,
  number,
  object,
  oneOf,
  optional,
  type Reader,
  record,
  without,
} from './fields.js';

const kwargs: Reader<Kwargs> = record;

/** A name of a registry; missing, timm's default. */
const name = (registry: Readonly<Record<string, unknown>>) =>
  optional(oneOf(Object.keys(registry)), undefined);

/** A name of a registry, or none: timm writes null or ''. Missing, timm's default. */
const nameOrNone =
  (registry: Readonly<Record<string, unknown>>): Reader<string | undefined> =>
  (value, where) =>
    value === undefined ? undefined : optional(oneOf(['', ...Object.keys(registry)]), '')(value, where);

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
 * A `model_cfg` as timm writes it, with timm's defaults for what is missing. Names must be in the registries.
 *
 * @throws ModelError naming the field, what was expected and what was found
 */
export const modelCfg: Reader<ByoModelCfg> = (value, where) => model(modelFields(value, where) as ModelInit);
