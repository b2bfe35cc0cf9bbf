import type { Parameter } from '../weights.js';
import { type ConvLayers, convNormAct } from './conv-norm-act.js';
import { addConv, type ConvSpec, conv2d, convShape } from './conv2d.js';
import { type ChannelAffine, type FeatureMap, featureMap, type Net } from './net.js';
import { addNorm } from './norms/norm.js';

/** A convolution with its norm, one of several branches to be summed. */
export interface Branch {
  readonly prefix: string; // of timm's ConvNormAct
  readonly kernel: number; // odd
}

/** A block of branches that is linear at inference. */
export interface BranchesSpec {
  readonly geometry: ConvSpec & { readonly kernel: number }; // of the largest branch
  readonly branches: readonly Branch[];
  readonly identity: string | undefined; // prefix of the norm of the input itself; undefined without such a branch
}

/**
 * Adds the sum of convolutions with norms and of the normalised input, as a single convolution: norms are folded
 * in, smaller kernels are centred in the largest, and the input counts as a 1x1 kernel
 * (https://arxiv.org/abs/2101.03697). If a norm is not affine at inference, the branches stay separate.
 *
 * @param x [batch, C, H, W]
 * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)]
 */
export function sumOfBranches(
  net: Net,
  layers: ConvLayers,
  x: FeatureMap,
  prefix: string,
  { geometry, branches, identity }: BranchesSpec,
): FeatureMap {
  const { outChs, stride = 1 } = geometry;
  const affineOf = (norm: string) => layers.norm(net, norm, outChs, undefined).affine;
  const affines = branches.map((branch) => affineOf(`${branch.prefix}.bn`));
  const own = identity === undefined ? [] : [affineOf(identity)];
  if (!isFoldable(affines) || !isFoldable(own))
    return addUp(net, layers, x, prefix, { geometry, branches, identity });
  const weights = branches.map(({ prefix: path, kernel }) =>
    net.weights.take(`${path}.conv.weight`, convShape(x, path, { ...geometry, kernel })),
  );
  const parts = branches.map(({ kernel }, i) => ({ kernel, weight: weights[i], affine: affines[i] }) as Part);
  const antiAlias = stride > 1 ? layers.antiAlias : undefined;
  const spec = antiAlias === undefined ? geometry : { ...geometry, stride: 1 };
  const conv = addConv(net, x, `${prefix}.reparam_conv`, spec, {
    weight: () => mergedWeight(convShape(x, prefix, geometry), parts, own[0]),
    bias: () => mergedBias([...affines, ...own]),
  });
  return antiAlias === undefined ? conv : antiAlias(net, conv, `${prefix}.aa`, stride);
}

const isFoldable = (affines: readonly (ChannelAffine | undefined)[]): affines is readonly ChannelAffine[] =>
  !affines.includes(undefined);

/** Adds the branches separately. */
function addUp(net: Net, layers: ConvLayers, x: FeatureMap, prefix: string, spec: BranchesSpec): FeatureMap {
  const { geometry, branches, identity } = spec;
  const values = branches.map(
    ({ prefix: path, kernel }) => convNormAct(net, layers, x, path, { ...geometry, kernel, act: false }).name,
  );
  if (identity !== undefined) {
    values.push(addNorm(net, x.name, identity, layers.norm(net, identity, geometry.outChs, undefined)));
  }
  return featureMap(net, net.graph.sum(`${prefix}.sum`, values));
}

interface Part {
  readonly kernel: number;
  readonly weight: Parameter; // [outChs, inChs / groups, kernel, kernel]
  readonly affine: ChannelAffine;
}

/** Computes the sum in float64 and rounds once. */
function mergedWeight(
  shape: readonly number[],
  parts: readonly Part[],
  identity: ChannelAffine | undefined,
): Float32Array {
  const [outChs = 0, inChs = 0, kernel = 1] = shape;
  const area = kernel * kernel;
  const sum = new Float64Array(outChs * inChs * area);
  for (const part of parts) {
    const [scale, weight, inset] = [part.affine().scale, part.weight.read(), (kernel - part.kernel) / 2];
    const partArea = part.kernel * part.kernel;
    for (let i = 0; i < weight.length; i++) {
      const [plane, place] = [Math.floor(i / partArea), i % partArea];
      const [row, column] = [Math.floor(place / part.kernel) + inset, (place % part.kernel) + inset];
      const at = plane * area + row * kernel + column;
      sum[at] = (sum[at] as number) + (weight[i] as number) * (scale[Math.floor(plane / inChs)] as number);
    }
  }
  if (identity !== undefined) {
    // With groups, output channel c is input channel c of its group.
    for (const [c, factor] of identity().scale.entries()) {
      const at = (c * inChs + (c % inChs)) * area + (area - 1) / 2;
      sum[at] = (sum[at] as number) + factor;
    }
  }
  return Float32Array.from(sum);
}

function mergedBias(affines: readonly ChannelAffine[]): Float32Array {
  const shifts = affines.map((affine) => affine().shift);
  return Float32Array.from(shifts[0] ?? [], (_, c) =>
    shifts.reduce((sum, shift) => sum + (shift[c] as number), 0),
  );
}

/**
 * Adds the single convolution that timm's `reparameterize_model` leaves in place of the branches; returns undefined
 * if the checkpoint still has the branches.
 *
 * @param inferenceMode whether the network was created with a single convolution, which timm gives no padding
 */
export function reparameterized(
  net: Net,
  x: FeatureMap,
  prefix: string,
  geometry: BranchesSpec['geometry'],
  inferenceMode: boolean,
): FeatureMap | undefined {
  const path = `${prefix}.reparam_conv`;
  if (!inferenceMode && net.weights.shapeOf(`${path}.weight`) === undefined) return undefined;
  return conv2d(net, x, path, { ...geometry, hasBias: true, ...(inferenceMode && { pads: 0 }) });
}
