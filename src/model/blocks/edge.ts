import { makeDivisible } from '../../rounding.js';
import { object } from '../fields.js';
import { convNormAct } from '../layers/conv-norm-act.js';
import { attend, type Block, groupsOf, residualKwargs } from './block.js';
import { residual } from './residual.js';

const readKwargs = object(residualKwargs(false));

/** Builds a reversed dark block: kxk, 1x1 (timm's `EdgeBlock`). */
export const edge: Block = (net, x, spec) => {
  const { prefix, layers, stride, dilation, outChs } = spec;
  const { kernel_size: kernel, ...kwargs } = readKwargs(spec.kwargs, `${spec.where}: block_kwargs`);
  const midChs = makeDivisible(outChs * spec.bottleRatio);
  const kxk = { outChs: midChs, kernel, stride, dilation: dilation[0], groups: groupsOf(spec, midChs) };
  let y = convNormAct(net, layers, x, `${prefix}.conv1_kxk`, kxk);
  if (!kwargs.attn_last) y = attend(net, y, spec, 'attn');
  y = convNormAct(net, layers, y, `${prefix}.conv2_1x1`, { outChs, kernel: 1, act: false });
  if (kwargs.attn_last) y = attend(net, y, spec, 'attn_last');
  return residual(net, x, y, spec, kwargs.linear_out);
};
