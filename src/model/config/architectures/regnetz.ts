import { type ByoModelCfg, block, interleaveBlocks, type ModelInit, model } from '../byo-cfg.js';
import { type Family, imagenet, type TagInit } from './architecture.js';

/** Common to all: inverted bottlenecks with squeeze-and-excitation, and no shortcut if the shape changes. */
const regNetZ = (init: ModelInit): ByoModelCfg =>
  model({
    stem_pool: '',
    downsample: '',
    act_layer: 'silu',
    attn_layer: 'se',
    attn_kwargs: { rd_ratio: 0.25 },
    block_kwargs: { bottle_in: true, linear_out: true },
    ...init,
  });

type Rest = Partial<ModelInit>;

/** RegNetZ-B16 (bottleneck ratio 3) and C16 (4). */
const regNetZ16 = (br: number, rest: Rest = {}): ByoModelCfg =>
  regNetZ({
    blocks: [
      block({ type: 'bottle', d: 2, c: 48, s: 2, gs: 16, br }),
      block({ type: 'bottle', d: 6, c: 96, s: 2, gs: 16, br }),
      block({ type: 'bottle', d: 12, c: 192, s: 2, gs: 16, br }),
      block({ type: 'bottle', d: 2, c: 288, s: 2, gs: 16, br }),
    ],
    stem_chs: 32,
    num_features: 1536,
    ...rest,
  });

/** RegNetZ-D8 and D32, by group size. */
const regNetZD = (gs: number, rest: Rest = {}): ByoModelCfg =>
  regNetZ({
    blocks: [
      block({ type: 'bottle', d: 3, c: 64, s: 1, gs, br: 4 }),
      block({ type: 'bottle', d: 6, c: 128, s: 2, gs, br: 4 }),
      block({ type: 'bottle', d: 12, c: 256, s: 2, gs, br: 4 }),
      block({ type: 'bottle', d: 3, c: 384, s: 2, gs, br: 4 }),
    ],
    stem_chs: 64,
    stem_type: 'tiered',
    num_features: 1792,
    ...rest,
  });

const evoNorm: Rest = { norm_layer: { type: 'evonorms0a', group_size: 16 } };

const half = (init: TagInit) => imagenet({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], ...init });

/** timm's own networks based on RegNetZ (https://arxiv.org/abs/2103.06877), three of them with EvoNorm. */
export const REGNETZS: Family = {
  regnetz_b16: { cfg: regNetZ16(3), tags: { ra3_in1k: half({ inputSize: 224, cropPct: 0.94 }) } },
  regnetz_c16: { cfg: regNetZ16(4), tags: { ra3_in1k: half({ cropPct: 0.94 }) } },
  regnetz_d32: { cfg: regNetZD(32), tags: { ra3_in1k: half({ cropPct: 0.95 }) } },
  regnetz_d8: { cfg: regNetZD(8), tags: { ra3_in1k: half({ cropPct: 0.94 }) } },
  regnetz_e8: {
    cfg: regNetZ({
      blocks: [
        block({ type: 'bottle', d: 3, c: 96, s: 1, gs: 8, br: 4 }),
        block({ type: 'bottle', d: 8, c: 192, s: 2, gs: 8, br: 4 }),
        block({ type: 'bottle', d: 16, c: 384, s: 2, gs: 8, br: 4 }),
        block({ type: 'bottle', d: 3, c: 512, s: 2, gs: 8, br: 4 }),
      ],
      stem_chs: 64,
      stem_type: 'tiered',
      num_features: 2048,
    }),
    tags: { ra3_in1k: half({ cropPct: 0.94 }) },
  },

  regnetz_b16_evos: {
    cfg: regNetZ16(3, evoNorm),
    tags: { untrained: half({ inputSize: 224, cropPct: 0.95, published: false }) },
  },
  regnetz_c16_evos: { cfg: regNetZ16(4, evoNorm), tags: { ch_in1k: half({ cropPct: 0.95 }) } },
  regnetz_d8_evos: {
    cfg: regNetZD(8, { stem_type: 'deep', ...evoNorm }),
    tags: { ch_in1k: half({ cropPct: 0.95 }) },
  },

  haloregnetz_b: {
    cfg: regNetZ({
      blocks: [
        block({ type: 'bottle', d: 2, c: 48, s: 2, gs: 16, br: 3 }),
        block({ type: 'bottle', d: 6, c: 96, s: 2, gs: 16, br: 3 }),
        interleaveBlocks({ types: ['bottle', 'self_attn'], every: 3, d: 12, c: 192, s: 2, gs: 16, br: 3 }),
        block({ type: 'self_attn', d: 2, c: 288, s: 2, gs: 16, br: 3 }),
      ],
      stem_chs: 32,
      num_features: 1536,
      self_attn_layer: 'halo',
      self_attn_kwargs: { block_size: 7, halo_size: 2, qk_ratio: 0.33 },
    }),
    tags: { ra3_in1k: half({ inputSize: 224, cropPct: 0.94 }) },
  },
};
