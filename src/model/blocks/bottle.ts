import { makeDivisible } from '../../rounding.js';
import { boolean, object, optional } from '../config/fields.js';
import { convNormAct } from '../layers/conv-norm-act.js';
import { type Block, bottleneckBase, groupsOf, oddKernel } from './block.js';
import { residual } from './residual.js';

const readKwargs = object({
  kernel_size: optional(oddKernel, 3),
  linear_out: optional(boolean, false),
  extra_conv: optional(boolean, false),
  bottle_in: optional(boolean, false),
});

/** The bottleneck block of ResNets: 1x1, kxk, 1x1 (timm's `BottleneckBlock`). */
export const bottle: Block = {
  fits: () => true,
  build: (net, x, spec) => {
    const { prefix, layers, stride, cfg } = spec;
    const { act } = layers;
    const kwargs = readKwargs(spec.kwargs, 'block_kwargs');
    const midChs = makeDivisible(bottleneckBase(x, spec, kwargs.bottle_in) * cfg.br);
    const kxk = { outChs: midChs, kernel: kwargs.kernel_size, groups: groupsOf(spec, midChs), act };
    let y = convNormAct(net, layers, x, `${prefix}.conv1_1x1`, { outChs: midChs, kernel: 1, act });
    y = convNormAct(net, layers, y, `${prefix}.conv2_kxk`, { ...kxk, stride });
    if (kwargs.extra_conv) y = convNormAct(net, layers, y, `${prefix}.conv2b_kxk`, kxk);
    y = convNormAct(net, layers, y, `${prefix}.conv3_1x1`, {
      outChs: spec.outChs,
      kernel: 1,
      act: undefined,
    });
    return residual(net, x, y, spec, kwargs.linear_out);
  },
};
