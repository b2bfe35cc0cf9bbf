import { type Activation, relu } from './activation.js';
import type { AntiAlias } from './anti-alias.js';
import { addConv, type ConvSpec, convShape } from './conv2d.js';
import type { FeatureMap, Net } from './net.js';
import { batchnorm } from './norms/batch-norm.js';
import type { NormLayer } from './norms/norm.js';

/** The layers that accompany a convolution. */
export interface ConvLayers {
  readonly act: Activation;
  readonly norm: NormLayer;
  readonly antiAlias: AntiAlias | undefined; // strides in place of convolutions
}

/** timm's default layers. */
export const PLAIN_LAYERS: ConvLayers = {
  act: relu,
  norm: batchnorm({}, 'norm_layer'),
  antiAlias: undefined,
};

export interface ConvNormActSpec extends ConvSpec {
  readonly kernel: number;
  readonly act?: boolean; // default true
}

/**
 * Adds convolution, norm and activation (timm's `ConvNormAct`). A norm that is affine is folded into the
 * convolution, in float64. An anti-aliasing layer, if any, does the striding instead.
 *
 * @param x [batch, C, H, W]
 * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)] for odd kernels and strides of 1 and 2 (rounded down
 *   with average pooling as anti-aliasing)
 * @throws ModelError if the checkpoint's tensors under `prefix` do not fit
 */
export function convNormAct(
  net: Net,
  layers: ConvLayers,
  x: FeatureMap,
  prefix: string,
  { act = true, ...spec }: ConvNormActSpec,
): FeatureMap {
  const { stride = 1, outChs } = spec;
  const antiAlias = stride > 1 ? layers.antiAlias : undefined;
  const weight = net.weights.take(`${prefix}.conv.weight`, convShape(x, prefix, spec));
  const { affine, finish } = layers.norm(net, `${prefix}.bn`, outChs, act ? layers.act : undefined);
  const geometry = antiAlias === undefined ? spec : { ...spec, stride: 1 };
  const conv = addConv(net, x, prefix, geometry, {
    weight: () => (affine === undefined ? weight.read() : scaleOutputs(weight.read(), affine().scale)),
    bias: affine && (() => Float32Array.from(affine().shift)),
  });
  const y = { ...conv, name: finish(conv.name) };
  return antiAlias === undefined ? y : antiAlias(net, y, `${prefix}.aa`, stride);
}

/**
 * Multiplies each output channel of a weight by its scale, in float64, and rounds once.
 *
 * @param weight [scale.length, …], row-major
 */
export function scaleOutputs(weight: Float32Array, scale: Float64Array): Float32Array {
  const rowLength = weight.length / scale.length;
  const result = new Float32Array(weight.length);
  for (const [row, factor] of scale.entries()) {
    const end = (row + 1) * rowLength;
    for (let i = row * rowLength; i < end; i++) result[i] = (weight[i] as number) * factor;
  }
  return result;
}
