import { boolean, object, optional } from '../fields.js';
import type { Layers } from '../layers/layers.js';
import type { FeatureMap, Net } from '../layers/net.js';
import { reparameterized, sumOfBranches } from '../layers/reparam.js';
import { type Block, commonKwargs, groupsOf } from './block.js';

const readKwargs = object({ ...commonKwargs, inference_mode: optional(boolean, false) });

/** The shape of a block of branches. */
export interface BranchBlockSpec {
  readonly outChs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
  readonly inferenceMode?: boolean; // built as a single convolution
}

/** Sums a kxk convolution, a 1x1 and the input itself, each with a norm (https://arxiv.org/abs/2101.03697). */
export const rep: Block = (net, x, spec) => {
  const { kernel_size: kernel, inference_mode: inferenceMode } = readKwargs(
    spec.kwargs,
    `${spec.where}: block_kwargs`,
  );
  const { outChs, stride, dilation } = spec;
  const groups = groupsOf(spec, x.channels);
  return buildRep(net, spec.layers, x, spec.prefix, {
    outChs,
    kernel,
    stride,
    dilation,
    groups,
    inferenceMode,
  });
};

/** timm's `RepVggBlock`. */
export function buildRep(
  net: Net,
  layers: Layers,
  x: FeatureMap,
  prefix: string,
  spec: BranchBlockSpec,
): FeatureMap {
  const { outChs, kernel, stride, dilation = [1, 1], groups = 1, inferenceMode = false } = spec;
  const geometry = { outChs, kernel, stride, dilation: dilation[0], groups };
  const y =
    reparameterized(net, x, prefix, geometry, inferenceMode) ??
    sumOfBranches(net, layers, x, prefix, {
      geometry,
      branches: [
        { prefix: `${prefix}.conv_kxk`, kernel },
        { prefix: `${prefix}.conv_1x1`, kernel: 1 },
      ],
      identity: keepsShape(x, spec) ? `${prefix}.identity` : undefined,
    });
  return attendAndActivate(net, layers, y, prefix);
}

/** Whether the input itself is a branch. */
export const keepsShape = (x: FeatureMap, { outChs, stride, dilation = [1, 1] }: BranchBlockSpec): boolean =>
  x.channels === outChs && stride === 1 && dilation[0] === dilation[1];

/** Adds the attention and the activation after the branches. */
export function attendAndActivate(net: Net, layers: Layers, x: FeatureMap, prefix: string): FeatureMap {
  const y = layers.attn === undefined ? x : layers.attn.build(net, x, `${prefix}.attn`);
  return { ...y, name: layers.act(net, y.name, `${prefix}.act`) };
}
