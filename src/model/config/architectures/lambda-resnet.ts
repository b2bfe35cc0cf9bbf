import { type Family, imagenet } from './architecture.js';
import { selfAttnResNet26t, selfAttnResNet50ts } from './self-attn-resnets.js';

/** Lambda networks (https://arxiv.org/abs/2102.08602). `r: null` embeds positions over the whole feature map. */
export const LAMBDA_RESNETS: Family = {
  lambda_resnet26t: {
    cfg: selfAttnResNet26t({ self_attn_layer: 'lambda', self_attn_kwargs: { r: 9 } }),
    tags: { c1_in1k: imagenet({ cropPct: 0.94 }) },
  },
  lambda_resnet50ts: {
    cfg: selfAttnResNet50ts({ self_attn_layer: 'lambda', self_attn_kwargs: { r: 9 } }),
    tags: { a1h_in1k: imagenet({ cropPct: 0.95 }) },
  },
  lambda_resnet26rpt_256: {
    cfg: selfAttnResNet26t({ self_attn_layer: 'lambda', self_attn_kwargs: { r: null } }),
    tags: { c1_in1k: imagenet({ cropPct: 0.94 }) },
  },
};
