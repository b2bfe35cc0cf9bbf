import { ModelError } from '../../errors.js';
import { boolean, ignored, oddKernel, optional } from '../fields.js';
import type { Layers } from '../layers/layers.js';
import type { FeatureMap, Net } from '../layers/net.js';

/** One block of the network: where it stands and what it makes of its input. */
export interface BlockSpec {
  readonly prefix: string; // 'stages.1.0'
  readonly where: string; // the same with the config's path before it, for errors
  readonly type: string; // a key of the block registry
  readonly outChs: number;
  readonly stride: number;
  readonly dilation: readonly [number, number]; // of the first kxk convolution, and of those after it
  readonly groupSize: number; // 0 is one group, 1 is a group per channel
  readonly bottleRatio: number; // inner channels / output channels
  readonly downsample: string;
  readonly kwargs: Readonly<Record<string, unknown>>; // the rest of timm's block_kwargs
  readonly layers: Layers;
}

/**
 * Adds one block after `x`.
 *
 * @param x [batch, C, H, W]
 * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)]
 */
export type Block = (net: Net, x: FeatureMap, spec: BlockSpec) => FeatureMap;

/** Inner channels of a bottleneck (timm's `bottle_in` takes the ratio of the input instead of the output). */
export const bottleneckBase = (x: FeatureMap, spec: BlockSpec, bottleIn: boolean): number =>
  bottleIn ? x.channels : spec.outChs;

/**
 * timm's `num_groups`.
 *
 * @throws ModelError when the channels cannot be grouped so
 */
export function groupsOf({ prefix, groupSize }: BlockSpec, channels: number): number {
  if (groupSize === 0) return 1;
  if (channels % groupSize === 0) return channels / groupSize;
  throw new ModelError(`${prefix}: ${channels} channels cannot be grouped by gs ${groupSize}`);
}

/** Keyword arguments that every block takes: the kernel size, and what is for training alone. */
export const commonKwargs = {
  kernel_size: optional(oddKernel, 3),
  drop_path_rate: ignored,
  drop_block: ignored,
};

/** Readers of the flags of residual blocks; `attn_last` says whether the attention comes after the last convolution. */
export const residualKwargs = (attnLast: boolean) => ({
  ...commonKwargs,
  attn_last: optional(boolean, attnLast),
  linear_out: optional(boolean, false), // no activation after the sum
});

/** Adds the block's channel attention, where it has one. */
export function attend(
  net: Net,
  x: FeatureMap,
  { layers, prefix }: BlockSpec,
  name: 'attn' | 'attn_last',
): FeatureMap {
  return layers.attn === undefined ? x : layers.attn.build(net, x, `${prefix}.${name}`);
}
