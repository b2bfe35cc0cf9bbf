import type { Kwargs } from '../config/byo-cfg.js';
import { halo } from './halo-attn.js';
import type { SelfAttn } from './net.js';

/** Self-attention layers by the names that timm's `self_attn_layer` takes; each checks its keyword arguments. */
export const SELF_ATTN_LAYERS: Readonly<Record<string, (kwargs: Kwargs, where: string) => SelfAttn>> = {
  halo,
};
