import { ModelError } from '../../../errors.js';
import { makeDivisible } from '../../../rounding.js';
import { boolean, integer, number, optional } from '../../fields.js';
import type { FeatureMap } from '../net.js';

/** The arguments about heads that every self-attention takes, under timm's names. */
export interface HeadKwargs {
  readonly num_heads: number;
  readonly dim_head: number; // channels of a query or key, per head; 0: use qk_ratio
  readonly qk_ratio: number; // query and key channels / output channels
  readonly qkv_bias: boolean;
}

/** Readers of these arguments, with a layer's own default number of heads. */
export const headKwargs = (numHeads: number) => ({
  num_heads: optional(integer(1, 4096), numHeads),
  dim_head: optional(integer(0, 4096), 0),
  qk_ratio: optional(number(0, 64), 1),
  qkv_bias: optional(boolean, false),
});

/** @throws ModelError for a stride that timm's self-attentions do not support */
export function assertHalvable(prefix: string, stride: number): void {
  if (stride > 2) throw new ModelError(`${prefix}: self-attention strides by 1 or 2, received ${stride}`);
}

/** How the channels of a map are split among heads. */
export interface Heads {
  readonly heads: number;
  readonly dimQk: number; // channels of a query or key, per head
  readonly dimV: number; // channels of a value, per head
}

/** @throws ModelError if the channels cannot be split among the heads */
export function headsOf(x: FeatureMap, prefix: string, kwargs: HeadKwargs): Heads {
  const { num_heads: heads, dim_head: given, qk_ratio: ratio } = kwargs;
  if (x.channels % heads !== 0) {
    throw new ModelError(`${prefix}: ${x.channels} channels cannot be split among ${heads} heads`);
  }
  const dimQk = given === 0 ? Math.floor(makeDivisible(x.channels * ratio) / heads) : given;
  if (dimQk < 1) {
    throw new ModelError(`${prefix}: a qk_ratio of ${ratio} leaves ${heads} heads no channel of their own`);
  }
  return { heads, dimQk, dimV: x.channels / heads };
}
