import { ModelError } from '../../errors.js';
import { int, ints } from '../graph-builder.js';
import { type FeatureMap, featureMap, type Net } from './net.js';

/** The geometry of a convolution. A pair is [height, width]. */
export interface ConvSpec {
  readonly outChs: number;
  readonly kernel: number | readonly [number, number];
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly pads?: number; // on every side; defaults to torch's symmetric padding
}

interface ConvWeights {
  readonly weight: () => Float32Array; // [outChs, inChs / groups, kh, kw]
  readonly bias?: (() => Float32Array) | undefined; // [outChs]
}

/**
 * Returns the shape of a convolution's weight.
 *
 * @throws ModelError if the channels cannot be grouped that way
 */
export function convShape(x: FeatureMap, name: string, { outChs, kernel, groups = 1 }: ConvSpec): number[] {
  if (x.channels % groups !== 0 || outChs % groups !== 0) {
    throw new ModelError(
      `${name}: ${x.channels} to ${outChs} channels cannot be split into ${groups} groups`,
    );
  }
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  return [outChs, x.channels / groups, height, width];
}

/** Returns timm's symmetric padding of a convolution (timm/layers/padding.py `get_padding`). */
export const symmetricPadding = (kernel: number, stride: number, dilation: number): number =>
  Math.floor((stride - 1 + dilation * (kernel - 1)) / 2);

/** Adds a convolution with the given weights, computed when they are encoded. */
export function addConv(
  net: Net,
  x: FeatureMap,
  name: string,
  spec: ConvSpec,
  weights: ConvWeights,
): FeatureMap {
  const { stride = 1, dilation = 1, groups = 1 } = spec;
  const shape = convShape(x, name, spec);
  const [, , height = 1, width = 1] = shape;
  const padOf = (kernel: number) => spec.pads ?? symmetricPadding(kernel, stride, dilation);
  const [top, left] = [padOf(height), padOf(width)];
  const inputs = [x.name, net.graph.floats(`${name}.weight`, shape, weights.weight)];
  if (weights.bias !== undefined) inputs.push(net.graph.floats(`${name}.bias`, [spec.outChs], weights.bias));
  const conv = net.graph.add(name, 'Conv', inputs, {
    kernel_shape: ints(height, width),
    strides: ints(stride, stride),
    dilations: ints(dilation, dilation),
    pads: ints(top, left, top, left),
    group: int(groups),
  });
  return featureMap(net, conv);
}

/**
 * Adds a convolution with the checkpoint's `weight` and `bias` under `prefix` (torch's `Conv2d`).
 *
 * @param x [batch, C, H, W]
 * @returns [batch, outChs, H', W']
 */
export function conv2d(
  net: Net,
  x: FeatureMap,
  prefix: string,
  spec: ConvSpec & { readonly hasBias: boolean },
): FeatureMap {
  const weight = net.weights.take(`${prefix}.weight`, convShape(x, prefix, spec));
  const bias = spec.hasBias ? net.weights.take(`${prefix}.bias`, [spec.outChs]) : undefined;
  return addConv(net, x, prefix, spec, { weight: weight.read, bias: bias?.read });
}
