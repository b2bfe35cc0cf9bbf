/**
 * Configuration of one block, or of `d` equal blocks in a row.
 * Field names, meanings and defaults are those of timm's `ByoBlockCfg` (timm/models/byobnet.py).
 */
export interface ByoBlockCfg {
  readonly type: string; // a key of the block registry
  readonly d: number; // depth: block repeats
  readonly c: number; // output channels, before width_factor
  readonly s: number; // stride of the stage's first block
  readonly gs: number; // group size of the kxk convolution; 0 is one group, 1 is depthwise
  readonly br: number; // bottleneck ratio: inner channels / output channels
  // null means the model's value, '' means none; an object or string here replaces the model's entirely
  readonly attn_layer: string | null;
  readonly attn_kwargs: Kwargs | null;
  readonly self_attn_layer: string | null;
  readonly self_attn_kwargs: Kwargs | null;
  readonly block_kwargs: Kwargs | null;
}

/** Keyword arguments of a layer or block, checked by the layer. */
export type Kwargs = Readonly<Record<string, unknown>>;

/** A norm name, optionally with keyword arguments bound to it, as in timm's `partial(EvoNorm2dS0a, group_size=16)`. */
export type NormCfg = string | ({ readonly type: string } & Kwargs);

/** Configuration of a network. Names, meanings and defaults are those of timm's `ByoModelCfg`. */
export interface ByoModelCfg {
  readonly blocks: readonly (readonly ByoBlockCfg[])[]; // one list per stage
  readonly downsample: string; // how the shortcut changes shape: a key of the downsample registry, or '' for no shortcut
  readonly stem_type: string; // a key of the stem registry; '' is '3x3'
  readonly stem_pool: string; // a key of the stem pool registry, or '' for a strided last convolution
  readonly stem_chs: number | readonly number[]; // output channels of the stem (0: the first stage's), or of each of its convolutions
  readonly width_factor: number; // multiplies every channel count
  readonly num_features: number; // channels of a final 1x1 convolution; 0 is none
  readonly act_layer: string; // a key of the activation registry
  readonly norm_layer: NormCfg; // a key of the norm registry
  readonly aa_layer: string; // a key of the anti-aliasing registry, or ''
  readonly head_type: string; // a key of the head registry
  readonly head_hidden_size: number | null; // hidden features of an 'mlp' head, or of attention pooling
  readonly attn_layer: string; // a key of the channel attention registry, or ''
  readonly attn_kwargs: Kwargs;
  readonly self_attn_layer: string; // a key of the self-attention registry, or ''
  readonly self_attn_kwargs: Kwargs;
  readonly block_kwargs: Kwargs;
}

/** What a table entry may set for a block; the rest are timm's defaults. */
export type BlockInit = Partial<ByoBlockCfg> & Pick<ByoBlockCfg, 'type' | 'd' | 'c'>;

/** What a table entry may set for a network; the rest are timm's defaults. */
export type ModelInit = Partial<ByoModelCfg> & Pick<ByoModelCfg, 'blocks'>;

/** Returns one entry of a stage, with timm's defaults filled in. */
export function block(init: BlockInit): readonly ByoBlockCfg[] {
  return [
    {
      s: 2,
      gs: 0,
      br: 1,
      block_kwargs: null,
      attn_layer: null,
      attn_kwargs: null,
      self_attn_layer: null,
      self_attn_kwargs: null,
      ...init,
    },
  ];
}

/** Returns a network with timm's defaults filled in. */
export function model(init: ModelInit): ByoModelCfg {
  return {
    downsample: 'conv1x1',
    stem_type: '3x3',
    stem_pool: 'maxpool',
    stem_chs: 32,
    width_factor: 1,
    num_features: 0,
    act_layer: 'relu',
    norm_layer: 'batchnorm',
    aa_layer: '',
    head_type: 'classifier',
    head_hidden_size: null,
    attn_layer: '',
    attn_kwargs: {},
    self_attn_layer: '',
    self_attn_kwargs: {},
    block_kwargs: {},
    ...init,
  };
}

/**
 * Returns a stage of `d` blocks that alternate between two types (timm's `interleave_blocks`).
 *
 * @param every a number: the second type is at block `every` (zero-based; block 0 with `first`) and then after each
 *   further `every` blocks of the first type; a stage too short for that ends with the second type. A list: the
 *   second type is at exactly these places.
 */
export function interleaveBlocks({
  types: [common, other],
  d,
  every = 1,
  first = false,
  ...rest
}: Omit<BlockInit, 'type'> & {
  readonly types: readonly [string, string];
  readonly every?: number | readonly number[];
  readonly first?: boolean;
}): readonly ByoBlockCfg[] {
  const places = typeof every === 'number' ? intervals(every, d, first) : every;
  return Array.from({ length: d }, (_, i) =>
    block({ ...rest, type: places.includes(i) ? other : common, d: 1 }),
  ).flat();
}

function intervals(every: number, d: number, first: boolean): readonly number[] {
  const places: number[] = [];
  for (let i = first ? 0 : every; i < d; i += every + 1) places.push(i);
  return places.length > 0 ? places : [d - 1];
}
