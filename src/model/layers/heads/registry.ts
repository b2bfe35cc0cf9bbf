import { attnAbs, attnRot } from './attention-pool.js';
import { classifier, mlp } from './classifier.js';
import type { Head } from './head.js';

/** Heads by the names that timm's `head_type` takes. */
export const HEADS: Readonly<Record<string, Head>> = {
  classifier,
  '': classifier,
  mlp,
  attn_abs: attnAbs,
  attn_rot: attnRot,
};
