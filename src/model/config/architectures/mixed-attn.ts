import { type Family, imagenet } from './architecture.js';
import { mixedAttnResNet50ts, type SelfAttn } from './self-attn-resnets.js';

const lambda: SelfAttn = { self_attn_layer: 'lambda', self_attn_kwargs: { r: 13 } };
const halo: SelfAttn = { self_attn_layer: 'halo', self_attn_kwargs: { halo_size: 3 } };
const bottleneck: SelfAttn = { self_attn_layer: 'bottleneck', self_attn_kwargs: {} };

/** Networks that mix several kinds of self-attention. */
export const MIXED_ATTN_NETS: Family = {
  lamhalobotnet50ts_256: {
    cfg: mixedAttnResNet50ts(lambda, halo, bottleneck),
    tags: { a1h_in1k: imagenet({ cropPct: 0.95 }) },
  },
  halo2botnet50ts_256: {
    cfg: mixedAttnResNet50ts(halo, halo, bottleneck),
    tags: { a1h_in1k: imagenet({ cropPct: 0.95 }) },
  },
};
