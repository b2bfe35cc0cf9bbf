import { boolean, integer, object, optional } from '../fields.js';
import type { Layers } from '../layers/layers.js';
import type { FeatureMap, Net } from '../layers/net.js';
import { reparameterized, sumOfBranches } from '../layers/reparam.js';
import { type Block, commonKwargs, groupsOf } from './block.js';
import { attendAndActivate, type BranchBlockSpec, keepsShape } from './rep.js';

const readKwargs = object({
  ...commonKwargs,
  num_conv_branches: optional(integer(1, 64), 1),
  inference_mode: optional(boolean, false),
});

/** Sums several kxk convolutions, one 1x1 and the input itself, each with a norm (https://arxiv.org/abs/2206.04040). */
export const one: Block = (net, x, spec) => {
  const kwargs = readKwargs(spec.kwargs, `${spec.where}: block_kwargs`);
  const { outChs, stride, dilation } = spec;
  return buildOne(net, spec.layers, x, spec.prefix, {
    outChs,
    stride,
    dilation,
    kernel: kwargs.kernel_size,
    groups: groupsOf(spec, x.channels),
    numConvBranches: kwargs.num_conv_branches,
    inferenceMode: kwargs.inference_mode,
  });
};

/** timm's `MobileOneBlock`; its convolutions are never dilated. */
export function buildOne(
  net: Net,
  layers: Layers,
  x: FeatureMap,
  prefix: string,
  spec: BranchBlockSpec & { readonly numConvBranches?: number },
): FeatureMap {
  const { outChs, kernel, stride, groups = 1, numConvBranches = 1, inferenceMode = false } = spec;
  const geometry = { outChs, kernel, stride, groups };
  const scale = kernel > 1 ? [{ prefix: `${prefix}.conv_scale`, kernel: 1 }] : [];
  const convs = Array.from({ length: numConvBranches }, (_, i) => ({
    prefix: `${prefix}.conv_kxk.${i}`,
    kernel,
  }));
  const y =
    reparameterized(net, x, prefix, geometry, inferenceMode) ??
    sumOfBranches(net, layers, x, prefix, {
      geometry,
      branches: [...convs, ...scale],
      identity: keepsShape(x, spec) ? `${prefix}.identity` : undefined,
    });
  return attendAndActivate(net, layers, y, prefix);
}
