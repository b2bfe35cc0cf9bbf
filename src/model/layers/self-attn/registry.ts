import { ModelError } from '../../../errors.js';
import type { Kwargs } from '../../config/byo-cfg.js';
import type { ChannelAttnFactory } from '../channel-attn/attn-kwargs.js';
import { bat, nl } from '../channel-attn/non-local.js';
import { channelAffine, featureMap, type SelfAttn } from '../net.js';
import { bottleneck } from './bottleneck-attn.js';
import { halo } from './halo-attn.js';
import { lambda } from './lambda-attn.js';

type SelfAttnFactory = (kwargs: Kwargs, where: string) => SelfAttn;

/** An attention that keeps the shape of its map, in the place of one that may stride: as in timm, it cannot. */
const keepingShape =
  (factory: ChannelAttnFactory): SelfAttnFactory =>
  (kwargs, where) => {
    const attn = factory(kwargs, where);
    return {
      build: (net, x, prefix, stride, after) => {
        if (stride !== 1)
          throw new ModelError(
            `${prefix}: this attention cannot stride; the block has a stride of ${stride}`,
          );
        const y = attn.build(net, x, prefix);
        return after === undefined ? y : featureMap(net, channelAffine(net, y.name, `${prefix}.norm`, after));
      },
    };
  };

/** Self-attention layers by the names that timm's `self_attn_layer` takes; each checks its keyword arguments. */
export const SELF_ATTN_LAYERS: Readonly<Record<string, SelfAttnFactory>> = {
  halo,
  bottleneck,
  lambda,
  nl: keepingShape(nl),
  bat: keepingShape(bat),
};
