import { int, ints } from '../graph-builder.js';
import type { Activation } from './activation.js';
import type { Layers } from './layers.js';
import type { ChannelAffine, FeatureMap, Net } from './net.js';

interface ConvOptions {
  readonly outChs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly act: Activation | undefined;
}

/**
 * Convolution, norm and activation (timm's `ConvNormAct`), the norm folded into the convolution in float64.
 * Padding is torch's symmetric one: ((stride − 1) + kernel − 1) / 2, rounded down.
 *
 * @param x [batch, C, H, W]
 * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)] for odd kernels and strides of 1 and 2
 * @throws ModelError when the checkpoint's tensors under `prefix` do not fit
 */
export function convNormAct(
  net: Net,
  layers: Layers,
  x: FeatureMap,
  prefix: string,
  options: ConvOptions,
): FeatureMap {
  const { outChs, kernel, stride = 1, groups = 1, act } = options;
  const shape = [outChs, x.channels / groups, kernel, kernel];
  const weight = net.weights.take(`${prefix}.conv.weight`, shape);
  const affine = layers.norm(net, `${prefix}.bn`, outChs);
  const pad = Math.floor((stride - 1 + kernel - 1) / 2);
  const size = (length: number) => Math.floor((length + 2 * pad - kernel) / stride) + 1;
  const conv = net.graph.add(
    prefix,
    'Conv',
    [
      x.name,
      net.graph.floats(`${prefix}.weight`, shape, scaleOutputs(weight, affine.scale)),
      net.graph.floats(`${prefix}.bias`, [outChs], Float32Array.from(affine.shift)),
    ],
    {
      kernel_shape: ints(kernel, kernel),
      strides: ints(stride, stride),
      pads: ints(pad, pad, pad, pad),
      group: int(groups),
    },
  );
  const name = act === undefined ? conv : act(net, conv, prefix);
  return { name, channels: outChs, height: size(x.height), width: size(x.width) };
}

/**
 * Multiplies each output channel of a weight by its scale, in float64, rounded once.
 *
 * @param weight [scale.length, …], row-major
 */
function scaleOutputs(weight: Float32Array, scale: ChannelAffine['scale']): Float32Array {
  const rowLength = weight.length / scale.length;
  const result = new Float32Array(weight.length);
  for (const [row, factor] of scale.entries()) {
    const end = (row + 1) * rowLength;
    for (let i = row * rowLength; i < end; i++) result[i] = (weight[i] as number) * factor;
  }
  return result;
}
