import { makeDivisible } from '../../rounding.js';
import { object } from '../fields.js';
import { convNormAct } from '../layers/conv-norm-act.js';
import { attend, type Block, groupsOf, residualKwargs } from './block.js';
import { residual } from './residual.js';

const readKwargs = object(residualKwargs(true));

/** Builds the basic block of ResNets: kxk, kxk (timm's `BasicBlock`). */
export const basic: Block = (net, x, spec) => {
  const { prefix, layers, stride, dilation, outChs } = spec;
  const { kernel_size: kernel, ...kwargs } = readKwargs(spec.kwargs, `${spec.where}: block_kwargs`);
  const midChs = makeDivisible(outChs * spec.bottleRatio);
  const groups = groupsOf(spec, midChs);
  const first = { outChs: midChs, kernel, stride, dilation: dilation[0] };
  const second = { outChs, kernel, dilation: dilation[1], groups, act: false };
  let y = convNormAct(net, layers, x, `${prefix}.conv1_kxk`, first);
  if (!kwargs.attn_last) y = attend(net, y, spec, 'attn');
  y = convNormAct(net, layers, y, `${prefix}.conv2_kxk`, second);
  if (kwargs.attn_last) y = attend(net, y, spec, 'attn_last');
  return residual(net, x, y, spec, kwargs.linear_out);
};
