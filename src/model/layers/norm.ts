import type { ChannelAffine, Net } from './net.js';

/** Reads the norm named `prefix` of `channels` channels from the checkpoint. */
type Norm = (net: Net, prefix: string, channels: number) => ChannelAffine;

const BATCHNORM_EPS = 1e-5; // torch.nn.BatchNorm2d's default, which timm keeps

const batchnorm: Norm = (net, prefix, channels) => {
  const weight = net.weights.take(`${prefix}.weight`, [channels]);
  const bias = net.weights.take(`${prefix}.bias`, [channels]);
  const mean = net.weights.take(`${prefix}.running_mean`, [channels]);
  const variance = net.weights.take(`${prefix}.running_var`, [channels]);
  const at = (values: Float32Array, c: number) => values[c] as number;
  const scale = Float64Array.from(weight, (w, c) => w / Math.sqrt(at(variance, c) + BATCHNORM_EPS));
  const shift = Float64Array.from(bias, (b, c) => b - at(mean, c) * (scale[c] as number));
  return { scale, shift };
};

/** Norms by the names that timm's `norm_layer` takes. */
export const NORMS: Readonly<Record<string, Norm>> = { batchnorm, batchnorm2d: batchnorm };
