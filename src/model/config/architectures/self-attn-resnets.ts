import { type ByoBlockCfg, type ByoModelCfg, block, interleaveBlocks, model } from '../byo-cfg.js';
import type { FamilyInit } from './architecture.js';

const types = ['bottle', 'self_attn'] as const;

/** What a stage may set for its self-attention. */
export type SelfAttn = Partial<Pick<ByoBlockCfg, 'self_attn_layer' | 'self_attn_kwargs'>>;

/**
 * ResNet-26-T with self-attention in its last three blocks.
 *
 * @param gs group size of the bottlenecks' 3x3 convolutions, as in a ResNeXt
 */
export function selfAttnResNet26t(init: FamilyInit, gs = 0): ByoModelCfg {
  return model({
    blocks: [
      block({ type: 'bottle', d: 2, c: 256, s: 1, gs, br: 0.25 }),
      block({ type: 'bottle', d: 2, c: 512, s: 2, gs, br: 0.25 }),
      interleaveBlocks({ types, d: 2, c: 1024, s: 2, gs, br: 0.25 }),
      block({ type: 'self_attn', d: 2, c: 2048, s: 2, gs, br: 0.25 }),
    ],
    stem_chs: 64,
    stem_type: 'tiered',
    stem_pool: 'maxpool',
    ...init,
  });
}

/** ResNet-33-TS with squeeze-and-excitation, and self-attention at the end of every stage but the first. */
export function selfAttnSeResNet33ts(init: FamilyInit): ByoModelCfg {
  return model({
    blocks: [
      block({ type: 'bottle', d: 2, c: 256, s: 1, gs: 0, br: 0.25 }),
      interleaveBlocks({ types, every: [2], d: 3, c: 512, s: 2, gs: 0, br: 0.25 }),
      interleaveBlocks({ types, every: [2], d: 3, c: 1024, s: 2, gs: 0, br: 0.25 }),
      block({ type: 'self_attn', d: 2, c: 1536, s: 2, gs: 0, br: 0.333 }),
    ],
    stem_chs: 64,
    stem_type: 'tiered',
    stem_pool: '',
    num_features: 1280,
    act_layer: 'silu',
    attn_layer: 'se',
    ...init,
  });
}

/**
 * ResNet-50-TS with self-attention in the last block of its second stage and in every other block after that.
 *
 * @param second the second stage's own self-attention, instead of the network's
 */
export function selfAttnResNet50ts(init: FamilyInit, second: SelfAttn = {}): ByoModelCfg {
  return model({
    blocks: [
      block({ type: 'bottle', d: 3, c: 256, s: 1, gs: 0, br: 0.25 }),
      interleaveBlocks({ types, every: 4, d: 4, c: 512, s: 2, gs: 0, br: 0.25, ...second }),
      interleaveBlocks({ types, d: 6, c: 1024, s: 2, gs: 0, br: 0.25 }),
      interleaveBlocks({ types, d: 3, c: 2048, s: 2, gs: 0, br: 0.25 }),
    ],
    stem_chs: 64,
    stem_type: 'tiered',
    stem_pool: 'maxpool',
    act_layer: 'silu',
    ...init,
  });
}

/** ResNet-50-TS with self-attention in every other block, of a different kind in each stage. */
export function mixedAttnResNet50ts(second: SelfAttn, third: SelfAttn, fourth: SelfAttn): ByoModelCfg {
  return model({
    blocks: [
      block({ type: 'bottle', d: 3, c: 256, s: 1, gs: 0, br: 0.25 }),
      interleaveBlocks({ types, d: 4, c: 512, s: 2, gs: 0, br: 0.25, ...second }),
      interleaveBlocks({ types, d: 6, c: 1024, s: 2, gs: 0, br: 0.25, ...third }),
      interleaveBlocks({ types, d: 3, c: 2048, s: 2, gs: 0, br: 0.25, ...fourth }),
    ],
    stem_chs: 64,
    stem_type: 'tiered',
    stem_pool: '',
    act_layer: 'silu',
  });
}
