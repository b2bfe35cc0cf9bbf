import { type ByoBlockCfg, type ByoModelCfg, block, model } from '../byo-cfg.js';
import {
  type Architecture,
  type Family,
  type FamilyInit,
  imagenet224,
  type TagInit,
} from './architecture.js';

interface MobileOneBlocks {
  readonly wf: readonly [number, number, number, number]; // width factor of each stage
  readonly branches?: number; // parallel convolutions in a block
  readonly se?: readonly [number, number, number, number]; // pairs at the end of each stage with squeeze-and-excitation
}

function blocks({ wf, branches = 1, se = [0, 0, 0, 0] }: MobileOneBlocks): ByoModelCfg['blocks'] {
  const [c1, c2, c3, c4] = [64 * wf[0], 128 * wf[1], 256 * wf[2], 512 * wf[3]] as const;
  const stem = Math.min(64, c1);
  return [
    stage({ pairs: 2, from: stem, c: c1, branches, se: se[0] }),
    stage({ pairs: 8, from: c1, c: c2, branches, se: se[1] }),
    stage({ pairs: 10, from: c2, c: c3, branches, se: se[2] }),
    stage({ pairs: 1, from: c3, c: c4, branches, se: se[3] }),
  ];
}

interface Stage {
  readonly pairs: number; // of a depthwise 3x3 and a pointwise block
  readonly from: number; // input channels of the stage
  readonly c: number; // output channels of the stage
  readonly branches: number;
  readonly se: number; // pairs with squeeze-and-excitation, at the end
}

function stage({ pairs, from, c, branches, se }: Stage): readonly ByoBlockCfg[] {
  return Array.from({ length: pairs }, (_, i) => {
    const attn = i >= pairs - se ? { attn_layer: 'se' } : {};
    const kwargs = { num_conv_branches: branches };
    return [
      block({ type: 'one', d: 1, c: i === 0 ? from : c, gs: 1, block_kwargs: kwargs, ...attn }),
      block({ type: 'one', d: 1, c, gs: 0, block_kwargs: { kernel_size: 1, ...kwargs }, ...attn }),
    ].flat();
  }).flat();
}

function mobileOne(stages: MobileOneBlocks, init: FamilyInit = {}, tag: TagInit = {}): Architecture {
  return {
    cfg: model({ blocks: blocks(stages), stem_type: 'one', stem_chs: 64, ...init }),
    tags: { apple_in1k: imagenet224({ cropPct: 0.9, license: 'mobileone-license', ...tag }) },
  };
}

/** MobileOne: over-parameterised branches that fold into one convolution (https://arxiv.org/abs/2206.04040). */
export const MOBILEONES: Family = {
  mobileone_s0: mobileOne({ wf: [0.75, 1, 1, 2], branches: 4 }, { stem_chs: 48 }, { cropPct: 0.875 }),
  mobileone_s1: mobileOne({ wf: [1.5, 1.5, 2, 2.5] }),
  mobileone_s2: mobileOne({ wf: [1.5, 2, 2.5, 4] }),
  mobileone_s3: mobileOne({ wf: [2, 2.5, 3, 4] }),
  mobileone_s4: mobileOne({ wf: [3, 3.5, 3.5, 4], se: [0, 0, 5, 1] }),
};
