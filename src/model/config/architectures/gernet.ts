import { block, model } from '../byo-cfg.js';
import { type Family, imagenet224 } from './architecture.js';

/** GPU-efficient networks (https://arxiv.org/abs/2006.14090). */
export const GERNETS: Family = {
  gernet_s: {
    cfg: model({
      blocks: [
        block({ type: 'basic', d: 1, c: 48, s: 2, gs: 0, br: 1 }),
        block({ type: 'basic', d: 3, c: 48, s: 2, gs: 0, br: 1 }),
        block({ type: 'bottle', d: 7, c: 384, s: 2, gs: 0, br: 1 / 4 }),
        block({ type: 'bottle', d: 2, c: 560, s: 2, gs: 1, br: 3 }),
        block({ type: 'bottle', d: 1, c: 256, s: 1, gs: 1, br: 3 }),
      ],
      stem_chs: 13,
      stem_pool: '',
      num_features: 1920,
    }),
    tags: { idstcv_in1k: imagenet224() },
  },
  gernet_m: {
    cfg: model({
      blocks: [
        block({ type: 'basic', d: 1, c: 128, s: 2, gs: 0, br: 1 }),
        block({ type: 'basic', d: 2, c: 192, s: 2, gs: 0, br: 1 }),
        block({ type: 'bottle', d: 6, c: 640, s: 2, gs: 0, br: 1 / 4 }),
        block({ type: 'bottle', d: 4, c: 640, s: 2, gs: 1, br: 3 }),
        block({ type: 'bottle', d: 1, c: 640, s: 1, gs: 1, br: 3 }),
      ],
      stem_chs: 32,
      stem_pool: '',
      num_features: 2560,
    }),
    tags: { idstcv_in1k: imagenet224() },
  },
  gernet_l: {
    cfg: model({
      blocks: [
        block({ type: 'basic', d: 1, c: 128, s: 2, gs: 0, br: 1 }),
        block({ type: 'basic', d: 2, c: 192, s: 2, gs: 0, br: 1 }),
        block({ type: 'bottle', d: 6, c: 640, s: 2, gs: 0, br: 1 / 4 }),
        block({ type: 'bottle', d: 5, c: 640, s: 2, gs: 1, br: 3 }),
        block({ type: 'bottle', d: 4, c: 640, s: 1, gs: 1, br: 3 }),
      ],
      stem_chs: 32,
      stem_pool: '',
      num_features: 2560,
    }),
    tags: { idstcv_in1k: imagenet224({ inputSize: 256 }) },
  },
};
