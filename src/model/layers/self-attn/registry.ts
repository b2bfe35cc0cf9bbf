// src/model/layers/self-attn/: self-attention layers, one module each

import { asSelfAttn, type SelfAttnFactory } from '../adapted-attn.js';
import { bat, nl } from '../channel-attn/non-local.js';
import { bottleneck } from './bottleneck-attn.js';
import { halo } from './halo-attn.js';
import { lambda } from './lambda-attn.js';

/** Self-attention layers by their names in timm's `self_attn_layer`; each checks its keyword arguments. */
export const SELF_ATTN_LAYERS: Readonly<Record<string, SelfAttnFactory>> = {
  halo,
  bottleneck,
  lambda,
  nl: asSelfAttn(nl),
  bat: asSelfAttn(bat),
};
