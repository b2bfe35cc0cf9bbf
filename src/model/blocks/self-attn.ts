import { ModelError } from '../../errors.js';
import { makeDivisible } from '../../rounding.js';
import { boolean, object, optional } from '../config/fields.js';
import { convNormAct } from '../layers/conv-norm-act.js';
import type { SelfAttn } from '../layers/net.js';
import { type Block, type BlockSpec, bottleneckBase, groupsOf, oddKernel } from './block.js';
import { residual } from './residual.js';

const readKwargs = object({
  kernel_size: optional(oddKernel, 3),
  extra_conv: optional(boolean, false),
  linear_out: optional(boolean, false),
  bottle_in: optional(boolean, false),
  post_attn_na: optional(boolean, true), // norm and activation after the attention
});

/** 1x1, an optional kxk, self-attention, 1x1 (timm's `SelfAttnBlock`). */
export const selfAttn: Block = {
  fits: (spec, size) => {
    const { extra_conv: strided } = readKwargs(spec.kwargs, 'block_kwargs');
    return (strided ? Math.ceil(size / spec.stride) : size) % layerOf(spec).tile === 0;
  },
  build: (net, x, spec) => {
    const { prefix, layers, cfg } = spec;
    const { act } = layers;
    const kwargs = readKwargs(spec.kwargs, 'block_kwargs');
    const midChs = makeDivisible(bottleneckBase(x, spec, kwargs.bottle_in) * cfg.br);
    let { stride } = spec;
    let y = convNormAct(net, layers, x, `${prefix}.conv1_1x1`, { outChs: midChs, kernel: 1, act });
    if (kwargs.extra_conv) {
      const kxk = { outChs: midChs, kernel: kwargs.kernel_size, groups: groupsOf(spec, midChs), act };
      y = convNormAct(net, layers, y, `${prefix}.conv2_kxk`, { ...kxk, stride });
      stride = 1; // the convolution has done it
    }
    const norm = kwargs.post_attn_na ? layers.norm(net, `${prefix}.post_attn`, midChs) : undefined;
    y = layerOf(spec).build(net, y, `${prefix}.self_attn`, stride, norm);
    if (kwargs.post_attn_na) y = { ...y, name: act(net, y.name, `${prefix}.post_attn`) };
    y = convNormAct(net, layers, y, `${prefix}.conv3_1x1`, {
      outChs: spec.outChs,
      kernel: 1,
      act: undefined,
    });
    return residual(net, x, y, spec, kwargs.linear_out);
  },
};

function layerOf(spec: BlockSpec): SelfAttn {
  if (spec.layers.selfAttn === undefined) {
    throw new ModelError(`${spec.prefix}: a self_attn block needs a self_attn_layer`, {
      hint: 'Set self_attn_layer in model_cfg or in the block.',
    });
  }
  return spec.layers.selfAttn;
}
