import { makeDivisible } from '../../../rounding.js';
import type { Kwargs } from '../../config/byo-cfg.js';
import { boolean, integer, number, oneOf, optional, type Reader } from '../../fields.js';
import { ACTIVATIONS, type Activation } from '../activation.js';
import type { ChannelAttn } from '../net.js';

/** Creates a channel attention from its keyword arguments, which it checks. */
export type ChannelAttnFactory = (kwargs: Kwargs, where: string) => ChannelAttn;

/** Reads an activation's timm name, in any case, as timm does. */
export const activation =
  (fallback: string): Reader<Activation> =>
  (value, where) => {
    const given = value ?? fallback;
    const name = typeof given === 'string' ? given.toLowerCase() : given;
    return ACTIVATIONS[oneOf(Object.keys(ACTIVATIONS))(name, where)] as Activation;
  };

/** The keyword arguments that most of these layers share, under timm's names. */
export interface ReductionKwargs {
  readonly rd_ratio: number; // reduced channels / channels
  readonly rd_channels: number; // 0: use rd_ratio
  readonly rd_divisor: number;
}

/** Readers of the reduction arguments, with a layer's own defaults. */
export const reduction = (ratio: number, divisor: number) => ({
  rd_ratio: optional(number(0, 64), ratio),
  rd_channels: optional(integer(0, 65_536), 0),
  rd_divisor: optional(integer(1, 65_536), divisor),
});

/** Returns the number of channels after the reduction. */
export function reducedChannels(channels: number, kwargs: ReductionKwargs, roundLimit = 0): number {
  const { rd_ratio: ratio, rd_channels: given, rd_divisor: divisor } = kwargs;
  return given || makeDivisible(channels * ratio, divisor, { roundLimit });
}

export const flag = (fallback: boolean) => optional(boolean, fallback);
