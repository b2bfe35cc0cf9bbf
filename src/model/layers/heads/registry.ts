import { attnAbs, attnRot } from './attention-pool.js';
import { classifier, mlp } from './classifier.js';
import type { Head } from './head.js';

/** Heads by their names in timm's `head_type`. */
export const HEADS: Readonly<Record<string, Head>> = {
  classifier,
  '': classifier,
  mlp,
  attn_abs: attnAbs,
  attn_rot: attnRot,
};
