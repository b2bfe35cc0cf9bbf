import { block, model } from '../byo-cfg.js';
import { type Family, imagenet, imagenet224 } from './architecture.js';

/** ResNets with a stem of four convolutions and a last stage of depthwise convolutions. */
export const RESNETS_Q: Family = {
  resnet51q: {
    cfg: model({
      blocks: [
        block({ type: 'bottle', d: 2, c: 256, s: 1, gs: 32, br: 0.25 }),
        block({ type: 'bottle', d: 4, c: 512, s: 2, gs: 32, br: 0.25 }),
        block({ type: 'bottle', d: 6, c: 1536, s: 2, gs: 32, br: 0.25 }),
        block({ type: 'bottle', d: 4, c: 1536, s: 2, gs: 1, br: 1 }),
      ],
      stem_chs: 128,
      stem_type: 'quad2',
      stem_pool: '',
      num_features: 2048,
      act_layer: 'silu',
    }),
    tags: { ra2_in1k: imagenet224({ inputSize: 256 }) },
  },
  resnet61q: {
    cfg: model({
      blocks: [
        // without the network's extra_conv
        block({ type: 'edge', d: 1, c: 256, s: 1, gs: 0, br: 1, block_kwargs: {} }),
        block({ type: 'bottle', d: 4, c: 512, s: 2, gs: 32, br: 0.25 }),
        block({ type: 'bottle', d: 6, c: 1536, s: 2, gs: 32, br: 0.25 }),
        block({ type: 'bottle', d: 4, c: 1536, s: 2, gs: 1, br: 1 }),
      ],
      stem_chs: 128,
      stem_type: 'quad',
      stem_pool: '',
      num_features: 2048,
      act_layer: 'silu',
      block_kwargs: { extra_conv: true },
    }),
    tags: { ra2_in1k: imagenet() },
  },
};
