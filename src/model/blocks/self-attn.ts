import { ModelError } from '../../errors.js';
import { makeDivisible } from '../../rounding.js';
import { boolean, object, optional } from '../fields.js';
import { convNormAct } from '../layers/conv-norm-act.js';
import type { SelfAttn } from '../layers/net.js';
import { type Block, type BlockSpec, bottleneckBase, commonKwargs, groupsOf } from './block.js';
import { residual } from './residual.js';

const readKwargs = object({
  ...commonKwargs,
  extra_conv: optional(boolean, false),
  linear_out: optional(boolean, false),
  bottle_in: optional(boolean, false),
  post_attn_na: optional(boolean, true), // norm and activation after the attention
});

/** Builds 1x1, an optional kxk, self-attention, 1x1 (timm's `SelfAttnBlock`). */
export const selfAttn: Block = (net, x, spec) => {
  const { prefix, layers, outChs } = spec;
  const kwargs = readKwargs(spec.kwargs, `${spec.where}: block_kwargs`);
  const midChs = makeDivisible(bottleneckBase(x, spec, kwargs.bottle_in) * spec.bottleRatio);
  const groups = groupsOf(spec, midChs);
  let { stride } = spec;
  let y = convNormAct(net, layers, x, `${prefix}.conv1_1x1`, { outChs: midChs, kernel: 1 });
  if (kwargs.extra_conv) {
    const kxk = { outChs: midChs, kernel: kwargs.kernel_size, groups, dilation: spec.dilation[0] };
    y = convNormAct(net, layers, y, `${prefix}.conv2_kxk`, { ...kxk, stride });
    stride = 1; // the convolution has already applied it
  }
  const norm = kwargs.post_attn_na ? layers.norm(net, `${prefix}.post_attn`, midChs, layers.act) : undefined;
  y = layerOf(spec).build(net, y, `${prefix}.self_attn`, stride, norm?.affine);
  if (norm !== undefined) y = { ...y, name: norm.finish(y.name) };
  y = convNormAct(net, layers, y, `${prefix}.conv3_1x1`, { outChs, kernel: 1, act: false });
  return residual(net, x, y, spec, kwargs.linear_out);
};

function layerOf({ layers, prefix }: BlockSpec): SelfAttn {
  if (layers.selfAttn === undefined) {
    throw new ModelError(`${prefix}: a self_attn block needs a self_attn_layer`, {
      hint: 'Set self_attn_layer in model_cfg or in the block.',
    });
  }
  return layers.selfAttn;
}
