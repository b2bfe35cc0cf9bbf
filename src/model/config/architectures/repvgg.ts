import { type ByoBlockCfg, type ByoModelCfg, block, model } from '../byo-cfg.js';
import {
  type Architecture,
  type Family,
  type FamilyInit,
  imagenet224,
  type TagInit,
} from './architecture.js';
import type { Depths } from './resnet-stages.js';

interface RepVggBlocks {
  readonly d: Depths;
  readonly wf: readonly [number, number, number, number]; // width factor of each stage
  readonly groups?: number; // of the 3x3 convolution in every second block; the other blocks have one
}

function blocks({ d, wf, groups = 1 }: RepVggBlocks): ByoModelCfg['blocks'] {
  const [d1, d2, d3, d4] = d;
  const [wf1, wf2, wf3, wf4] = wf;
  return [
    stage(d1, 64 * wf1, groups),
    stage(d2, 128 * wf2, groups),
    stage(d3, 256 * wf3, groups),
    stage(d4, 512 * wf4, groups),
  ];
}

function stage(d: number, c: number, groups: number): readonly ByoBlockCfg[] {
  if (groups === 1) return block({ type: 'rep', d, c });
  // timm computes this from the block's place; our configuration is data, so it lists each block
  return Array.from({ length: d }, (_, i) =>
    block({ type: 'rep', d: 1, c, gs: i % 2 === 1 ? Math.floor(c / groups) : 0 }),
  ).flat();
}

function repVgg(stages: RepVggBlocks, init: FamilyInit = {}, tag: TagInit = {}): Architecture {
  return {
    cfg: model({ blocks: blocks(stages), stem_type: 'rep', stem_chs: 64, ...init }),
    tags: { rvgg_in1k: imagenet224({ license: 'mit', ...tag }) },
  };
}

const A: Depths = [2, 4, 14, 1];
const B: Depths = [4, 6, 16, 1];
const D: Depths = [8, 14, 24, 1];

/** RepVGG: branches that fold into plain convolutions (https://arxiv.org/abs/2101.03697). */
export const REPVGGS: Family = {
  repvgg_a0: repVgg({ d: A, wf: [0.75, 0.75, 0.75, 2.5] }, { stem_chs: 48 }),
  repvgg_a1: repVgg({ d: A, wf: [1, 1, 1, 2.5] }),
  repvgg_a2: repVgg({ d: A, wf: [1.5, 1.5, 1.5, 2.75] }),
  repvgg_b0: repVgg({ d: B, wf: [1, 1, 1, 2.5] }),
  repvgg_b1: repVgg({ d: B, wf: [2, 2, 2, 4] }),
  repvgg_b1g4: repVgg({ d: B, wf: [2, 2, 2, 4], groups: 4 }),
  repvgg_b2: repVgg({ d: B, wf: [2.5, 2.5, 2.5, 5] }),
  repvgg_b2g4: repVgg({ d: B, wf: [2.5, 2.5, 2.5, 5], groups: 4 }),
  repvgg_b3: repVgg({ d: B, wf: [3, 3, 3, 5] }),
  repvgg_b3g4: repVgg({ d: B, wf: [3, 3, 3, 5], groups: 4 }),
  repvgg_d2se: repVgg(
    { d: D, wf: [2.5, 2.5, 2.5, 5] },
    { attn_layer: 'se', attn_kwargs: { rd_ratio: 0.0625, rd_divisor: 1 } },
    { inputSize: 320, cropPct: 1 },
  ),
};
