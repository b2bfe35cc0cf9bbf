import { ModelError } from '../../errors.js';
import { boolean, ignored, oddKernel, optional } from '../fields.js';
import type { Layers } from '../layers/layers.js';
import type { FeatureMap, Net } from '../layers/net.js';

/** One block of the network: its place, and its configuration. */
export interface BlockSpec {
  readonly prefix: string; // 'stages.1.0'
  readonly where: string; // the same, after the config's path, for errors
  readonly type: string; // a key of the block registry
  readonly outChs: number;
  readonly stride: number;
  readonly dilation: readonly [number, number]; // of the first kxk convolution, and of later ones
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

/** Returns the inner channels of a bottleneck (timm's `bottle_in` applies the ratio to the input instead of the output). */
export const bottleneckBase = (x: FeatureMap, spec: BlockSpec, bottleIn: boolean): number =>
  bottleIn ? x.channels : spec.outChs;

/**
 * timm's `num_groups`.
 *
 * @throws ModelError if the channels cannot be grouped that way
 */
export function groupsOf({ prefix, groupSize }: BlockSpec, channels: number): number {
  if (groupSize === 0) return 1;
  if (channels % groupSize === 0) return channels / groupSize;
  throw new ModelError(`${prefix}: ${channels} channels cannot be grouped by gs ${groupSize}`);
}

/** Readers of the keyword arguments of every block: the kernel size, and arguments for training only. */
export const commonKwargs = {
  kernel_size: optional(oddKernel, 3),
  drop_path_rate: ignored,
  drop_block: ignored,
};

/** Readers of the flags of residual blocks; `attn_last` puts the attention after the last convolution. */
export const residualKwargs = (attnLast: boolean) => ({
  ...commonKwargs,
  attn_last: optional(boolean, attnLast),
  linear_out: optional(boolean, false), // no activation after the sum
});

/** Adds the block's channel attention, if it has one. */
export function attend(
  net: Net,
  x: FeatureMap,
  { layers, prefix }: BlockSpec,
  name: 'attn' | 'attn_last',
): FeatureMap {
  return layers.attn === undefined ? x : layers.attn.build(net, x, `${prefix}.${name}`);
}
