import { type Family, imagenet } from './architecture.js';
import { selfAttnResNet26t, selfAttnResNet50ts, selfAttnSeResNet33ts } from './self-attn-resnets.js';

/** Bottleneck transformers: self-attention over the whole feature map (https://arxiv.org/abs/2101.11605). */
export const BOTNETS: Family = {
  botnet26t_256: {
    cfg: selfAttnResNet26t({ self_attn_layer: 'bottleneck' }),
    tags: { c1_in1k: imagenet({ cropPct: 0.95 }) },
  },
  sebotnet33ts_256: {
    cfg: selfAttnSeResNet33ts({ self_attn_layer: 'bottleneck' }),
    tags: { a1h_in1k: imagenet({ cropPct: 0.94 }) },
  },
  botnet50ts_256: {
    cfg: selfAttnResNet50ts({ self_attn_layer: 'bottleneck' }),
    tags: { untrained: imagenet({ cropPct: 0.95, published: false }) },
  },
  eca_botnext26ts_256: {
    cfg: selfAttnResNet26t(
      {
        act_layer: 'silu',
        attn_layer: 'eca',
        self_attn_layer: 'bottleneck',
        self_attn_kwargs: { dim_head: 16 },
      },
      16,
    ),
    tags: { c1_in1k: imagenet({ cropPct: 0.95 }) },
  },
};
