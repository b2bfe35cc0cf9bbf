import type { ChannelAffine, Net } from '../net.js';
import { activate, type NormFactory, weightAndBias, withEps } from './norm.js';

/** torch's `BatchNorm2d`, using its running statistics. */
export const batchnorm: NormFactory = (kwargs, where) => {
  const { eps } = withEps(1e-5)(kwargs, where);
  return (net, prefix, channels, act) => ({
    affine: batchNormAffine(net, prefix, channels, eps),
    finish: (x) => activate(net, x, prefix, act),
  });
};

/** Returns the scale and shift of a BatchNorm at inference. */
export function batchNormAffine(net: Net, prefix: string, channels: number, eps = 1e-5): ChannelAffine {
  const { weights } = net;
  const affine = weightAndBias(net, prefix, channels);
  const mean = weights.take(`${prefix}.running_mean`, [channels]);
  const variance = weights.take(`${prefix}.running_var`, [channels]);
  weights.takeCounter(`${prefix}.num_batches_tracked`);
  return () => {
    const { scale: weight, shift: bias } = affine();
    const [means, variances] = [mean.read(), variance.read()];
    const scale = weight.map((w, c) => w / Math.sqrt((variances[c] as number) + eps));
    const shift = bias.map((b, c) => b - (means[c] as number) * (scale[c] as number));
    return { scale, shift };
  };
}
