import { ModelError } from '../../errors.js';
import type { Kwargs } from '../config/byo-cfg.js';
import type { ChannelAttnFactory } from './channel-attn/attn-kwargs.js';
import { channelAffine, featureMap, type SelfAttn } from './net.js';

// timm creates every attention with one factory, so either kind can stand in for the other.

/** Creates a self-attention from its keyword arguments, which it checks. */
export type SelfAttnFactory = (kwargs: Kwargs, where: string) => SelfAttn;

/** Uses a self-attention as a channel attention, where it keeps the shape of its map. */
export const asChannelAttn =
  (factory: SelfAttnFactory): ChannelAttnFactory =>
  (kwargs, where) => {
    const attn = factory(kwargs, where);
    return { build: (net, x, prefix) => attn.build(net, x, prefix, 1, undefined) };
  };

/** Uses a channel attention as a self-attention; it cannot stride. */
export const asSelfAttn =
  (factory: ChannelAttnFactory): SelfAttnFactory =>
  (kwargs, where) => {
    const attn = factory(kwargs, where);
    return {
      build: (net, x, prefix, stride, after) => {
        if (stride !== 1) {
          throw new ModelError(
            `${prefix}: this attention cannot stride; the block has a stride of ${stride}`,
          );
        }
        const y = attn.build(net, x, prefix);
        return after === undefined ? y : featureMap(net, channelAffine(net, y.name, `${prefix}.norm`, after));
      },
    };
  };
