import { type ByoModelCfg, block, model } from '../byo-cfg.js';
import { type Family, type FamilyInit, imagenet } from './architecture.js';
import { resNetStages } from './resnet-stages.js';

const resNeXt26ts = (init: FamilyInit = {}): ByoModelCfg =>
  model({
    blocks: resNetStages([2, 2, 2, 2], { gs: 32 }),
    stem_chs: 64,
    stem_type: 'tiered',
    stem_pool: 'maxpool',
    act_layer: 'silu',
    ...init,
  });

const resNet33ts = (init: FamilyInit = {}): ByoModelCfg =>
  model({
    blocks: [
      block({ type: 'bottle', d: 2, c: 256, s: 1, gs: 0, br: 0.25 }),
      block({ type: 'bottle', d: 3, c: 512, s: 2, gs: 0, br: 0.25 }),
      block({ type: 'bottle', d: 3, c: 1536, s: 2, gs: 0, br: 0.25 }),
      block({ type: 'bottle', d: 2, c: 1536, s: 2, gs: 0, br: 0.25 }),
    ],
    stem_chs: 64,
    stem_type: 'tiered',
    stem_pool: '',
    num_features: 1280,
    act_layer: 'silu',
    ...init,
  });

/** ResNets with a tiered stem and, except for ResNet-50-T, SiLU; with and without channel attention. */
export const RESNETS_TS: Family = {
  resnext26ts: { cfg: resNeXt26ts(), tags: { ra2_in1k: imagenet() } },
  gcresnext26ts: { cfg: resNeXt26ts({ attn_layer: 'gca' }), tags: { ch_in1k: imagenet() } },
  seresnext26ts: { cfg: resNeXt26ts({ attn_layer: 'se' }), tags: { ch_in1k: imagenet() } },
  eca_resnext26ts: { cfg: resNeXt26ts({ attn_layer: 'eca' }), tags: { ch_in1k: imagenet() } },
  bat_resnext26ts: {
    cfg: resNeXt26ts({ attn_layer: 'bat', attn_kwargs: { block_size: 8 } }),
    tags: { ch_in1k: imagenet() },
  },

  // the 33rd layer is the final convolution
  resnet32ts: { cfg: resNet33ts({ num_features: 0 }), tags: { ra2_in1k: imagenet() } },
  resnet33ts: { cfg: resNet33ts(), tags: { ra2_in1k: imagenet() } },
  gcresnet33ts: { cfg: resNet33ts({ attn_layer: 'gca' }), tags: { ra2_in1k: imagenet() } },
  seresnet33ts: { cfg: resNet33ts({ attn_layer: 'se' }), tags: { ra2_in1k: imagenet() } },
  eca_resnet33ts: { cfg: resNet33ts({ attn_layer: 'eca' }), tags: { ra2_in1k: imagenet() } },

  gcresnet50t: {
    cfg: model({
      blocks: resNetStages([3, 4, 6, 3]),
      stem_chs: 64,
      stem_type: 'tiered',
      stem_pool: '',
      attn_layer: 'gca',
    }),
    tags: { ra2_in1k: imagenet() },
  },
  gcresnext50ts: {
    cfg: model({
      blocks: resNetStages([3, 4, 6, 3], { gs: 32 }),
      stem_chs: 64,
      stem_type: 'tiered',
      stem_pool: 'maxpool',
      act_layer: 'silu',
      attn_layer: 'gca',
    }),
    tags: { ch_in1k: imagenet() },
  },
};
