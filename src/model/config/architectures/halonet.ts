import { block, model } from '../byo-cfg.js';
import { type Family, imagenet } from './architecture.js';
import { selfAttnResNet26t, selfAttnResNet50ts, selfAttnSeResNet33ts } from './self-attn-resnets.js';

/** HaloNet: self-attention in blocks of pixels that see a halo around them (https://arxiv.org/abs/2103.12731). */
export const HALONETS: Family = {
  halonet_h1: {
    cfg: model({
      blocks: [
        block({ type: 'self_attn', d: 3, c: 64, s: 1, gs: 0, br: 1 }),
        block({ type: 'self_attn', d: 3, c: 128, s: 2, gs: 0, br: 1 }),
        block({ type: 'self_attn', d: 10, c: 256, s: 2, gs: 0, br: 1 }),
        block({ type: 'self_attn', d: 3, c: 512, s: 2, gs: 0, br: 1 }),
      ],
      stem_chs: 64,
      stem_type: '7x7',
      stem_pool: 'maxpool',
      self_attn_layer: 'halo',
      self_attn_kwargs: { block_size: 8, halo_size: 3 },
    }),
    tags: { untrained: imagenet({ cropPct: 0.95, published: false }) },
  },
  halonet26t: {
    cfg: selfAttnResNet26t({
      self_attn_layer: 'halo',
      self_attn_kwargs: { block_size: 8, halo_size: 2 },
    }),
    tags: { a1h_in1k: imagenet({ cropPct: 0.95 }) },
  },
  sehalonet33ts: {
    cfg: selfAttnSeResNet33ts({
      self_attn_layer: 'halo',
      self_attn_kwargs: { block_size: 8, halo_size: 3 },
    }),
    tags: { ra2_in1k: imagenet({ cropPct: 0.94 }) },
  },
  halonet50ts: {
    cfg: selfAttnResNet50ts(
      { self_attn_layer: 'halo', self_attn_kwargs: { block_size: 8, halo_size: 3 } },
      { self_attn_layer: 'halo', self_attn_kwargs: { block_size: 8, halo_size: 3, num_heads: 4 } },
    ),
    tags: { a1h_in1k: imagenet({ cropPct: 0.94 }) },
  },
  eca_halonext26ts: {
    cfg: selfAttnResNet26t(
      {
        act_layer: 'silu',
        attn_layer: 'eca',
        self_attn_layer: 'halo',
        self_attn_kwargs: { block_size: 8, halo_size: 2, dim_head: 16 },
      },
      16,
    ),
    tags: { c1_in1k: imagenet({ cropPct: 0.94 }) },
  },
};
