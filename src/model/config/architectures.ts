import { type ByoModelCfg, block, interleaveBlocks, model } from './byo-cfg.js';

/** A published architecture of timm: its configuration and the tag that its bare name stands for. */
export interface Architecture {
  readonly defaultTag: string;
  readonly cfg: ByoModelCfg;
}

/** Architectures by timm's name, as timm/models/byoanet.py has them. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  halonet26t: {
    defaultTag: 'a1h_in1k',
    cfg: model({
      blocks: [
        block({ type: 'bottle', d: 2, c: 256, s: 1, gs: 0, br: 0.25 }),
        block({ type: 'bottle', d: 2, c: 512, s: 2, gs: 0, br: 0.25 }),
        interleaveBlocks({ types: ['bottle', 'self_attn'], d: 2, c: 1024, s: 2, gs: 0, br: 0.25 }),
        block({ type: 'self_attn', d: 2, c: 2048, s: 2, gs: 0, br: 0.25 }),
      ],
      stem_chs: 64,
      stem_type: 'tiered',
      stem_pool: 'maxpool',
      self_attn_layer: 'halo',
      self_attn_kwargs: { block_size: 8, halo_size: 2 },
    }),
  },
  halonet50ts: {
    defaultTag: 'a1h_in1k',
    cfg: model({
      blocks: [
        block({ type: 'bottle', d: 3, c: 256, s: 1, gs: 0, br: 0.25 }),
        interleaveBlocks({
          ...{ types: ['bottle', 'self_attn'], every: 4, d: 4, c: 512, s: 2, gs: 0, br: 0.25 },
          ...{ self_attn_layer: 'halo', self_attn_kwargs: { block_size: 8, halo_size: 3, num_heads: 4 } },
        }),
        interleaveBlocks({ types: ['bottle', 'self_attn'], d: 6, c: 1024, s: 2, gs: 0, br: 0.25 }),
        interleaveBlocks({ types: ['bottle', 'self_attn'], d: 3, c: 2048, s: 2, gs: 0, br: 0.25 }),
      ],
      stem_chs: 64,
      stem_type: 'tiered',
      stem_pool: 'maxpool',
      act_layer: 'silu',
      self_attn_layer: 'halo',
      self_attn_kwargs: { block_size: 8, halo_size: 3 },
    }),
  },
};
