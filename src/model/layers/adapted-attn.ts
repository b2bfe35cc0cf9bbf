import { ModelError } from '../../errors.js';
import type { Kwargs } from '../config/byo-cfg.js';
import type { ChannelAttnFactory } from './channel-attn/attn-kwargs.js';
import { channelAffine, featureMap, type SelfAttn } from './net.js';

// timm has one factory for all attention, so that one kind can stand in the place of the other.

/** A self-attention by its keyword arguments, checked. */
export type SelfAttnFactory = (kwargs: Kwargs, where: string) => SelfAttn;

/** A self-attention in the place of a channel attention, where it keeps the shape of its map. */
export const asChannelAttn =
  (factory: SelfAttnFactory): ChannelAttnFactory =>
  (kwargs, where) => {
    const attn = factory(kwargs, where);
    return { build: (net, x, prefix) => attn.build(net, x, prefix, 1, undefined) };
  };

/** A channel attention in the place of a self-attention, where it must not stride. */
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
