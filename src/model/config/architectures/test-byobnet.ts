import { block, model } from '../byo-cfg.js';
import { type Family, imagenet } from './architecture.js';

/** timm's smallest network, for its tests: one block of every plain kind. */
export const TEST_BYOBNETS: Family = {
  test_byobnet: {
    cfg: model({
      blocks: [
        block({ type: 'edge', d: 1, c: 32, s: 2, gs: 0, br: 0.5 }),
        block({ type: 'dark', d: 1, c: 64, s: 2, gs: 0, br: 0.5 }),
        block({ type: 'basic', d: 1, c: 128, s: 2, gs: 32, br: 0.25 }),
        block({ type: 'bottle', d: 1, c: 256, s: 2, gs: 64, br: 0.25 }),
      ],
      stem_chs: 24,
      downsample: 'avg',
      stem_pool: '',
      attn_layer: 'se',
      attn_kwargs: { rd_ratio: 0.25 },
    }),
    tags: { r160_in1k: imagenet({ inputSize: 160, cropPct: 0.95 }) },
  },
};
