import { makeDivisible } from '../../rounding.js';
import { boolean, object, optional } from '../fields.js';
import { convNormAct } from '../layers/conv-norm-act.js';
import { attend, type Block, bottleneckBase, groupsOf, residualKwargs } from './block.js';
import { residual } from './residual.js';

const readKwargs = object({
  ...residualKwargs(false),
  extra_conv: optional(boolean, false),
  bottle_in: optional(boolean, false),
});

/** Builds the bottleneck block of ResNets: 1x1, kxk, 1x1 (timm's `BottleneckBlock`). */
export const bottle: Block = (net, x, spec) => {
  const { prefix, layers, stride, dilation, outChs } = spec;
  const kwargs = readKwargs(spec.kwargs, `${spec.where}: block_kwargs`);
  const midChs = makeDivisible(bottleneckBase(x, spec, kwargs.bottle_in) * spec.bottleRatio);
  const kxk = { outChs: midChs, kernel: kwargs.kernel_size, groups: groupsOf(spec, midChs) };
  let y = convNormAct(net, layers, x, `${prefix}.conv1_1x1`, { outChs: midChs, kernel: 1 });
  y = convNormAct(net, layers, y, `${prefix}.conv2_kxk`, { ...kxk, stride, dilation: dilation[0] });
  if (kwargs.extra_conv) {
    y = convNormAct(net, layers, y, `${prefix}.conv2b_kxk`, { ...kxk, dilation: dilation[1] });
  }
  if (!kwargs.attn_last) y = attend(net, y, spec, 'attn');
  y = convNormAct(net, layers, y, `${prefix}.conv3_1x1`, { outChs, kernel: 1, act: false });
  if (kwargs.attn_last) y = attend(net, y, spec, 'attn_last');
  return residual(net, x, y, spec, kwargs.linear_out);
};
