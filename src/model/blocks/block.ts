import { ModelError } from '../../errors.js';
import type { ByoBlockCfg } from '../config/byo-cfg.js';
import { integer, type Reader } from '../config/fields.js';
import type { Layers } from '../layers/layers.js';
import type { FeatureMap, Net } from '../layers/net.js';

/** One block of the network: where it stands and what it makes of its input. */
export interface BlockSpec {
  readonly prefix: string; // 'stages.1.0'
  readonly cfg: ByoBlockCfg;
  readonly outChs: number;
  readonly stride: number;
  readonly downsample: string;
  readonly kwargs: Readonly<Record<string, unknown>>; // timm's block_kwargs
  readonly layers: Layers;
}

/** A block type. */
export interface Block {
  /**
   * Adds one block after `x`.
   *
   * @param x [batch, C, H, W]
   * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)]
   */
  readonly build: (net: Net, x: FeatureMap, spec: BlockSpec) => FeatureMap;
  /** Whether an input of this height (or width) can be computed. */
  readonly fits: (spec: BlockSpec, size: number) => boolean;
}

/** Inner channels of a bottleneck (timm's `bottle_in` takes the ratio of the input instead of the output). */
export const bottleneckBase = (x: FeatureMap, spec: BlockSpec, bottleIn: boolean): number =>
  bottleIn ? x.channels : spec.outChs;

/**
 * timm's `num_groups`: `gs` of 0 is one group, 1 is a group per channel.
 *
 * @throws ModelError when the channels cannot be grouped so
 */
export function groupsOf({ prefix, cfg: { gs } }: BlockSpec, channels: number): number {
  if (gs === 0) return 1;
  if (channels % gs === 0) return channels / gs;
  throw new ModelError(`${prefix}: ${channels} channels cannot be grouped by gs ${gs}`);
}

/** A kernel size: only odd ones keep height and width under torch's symmetric padding. */
export const oddKernel: Reader<number> = (value, where) => {
  const size = integer(1, 31)(value, where);
  if (size % 2 === 0) throw new ModelError(`${where}: expected an odd kernel size, received ${size}`);
  return size;
};
