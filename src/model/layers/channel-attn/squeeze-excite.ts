import { object } from '../../fields.js';
import { conv2d } from '../conv2d.js';
import { type FeatureMap, featureMap, type Net } from '../net.js';
import { globalAverage, globalAverageMax } from '../pool.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';

/** Adds x · gate, broadcast: scales the map channel by channel. */
export function gated(net: Net, x: FeatureMap, gate: string, prefix: string): FeatureMap {
  return featureMap(net, net.graph.add(prefix, 'Mul', [x.name, gate]));
}

/** Adds one number per channel: the mean, or half the sum of mean and maximum. */
export function squeezed(net: Net, x: FeatureMap, prefix: string, withMax: boolean): FeatureMap {
  const pool = withMax ? globalAverageMax : globalAverage;
  return featureMap(net, pool(net, x.name, `${prefix}.pool`));
}

const readSe = object({
  ...reduction(1 / 16, 8),
  add_maxpool: flag(false),
  bias: flag(true),
  act_layer: activation('relu'),
  gate_layer: activation('sigmoid'),
});

/** Squeeze-and-excitation (https://arxiv.org/abs/1709.01507; timm's `SEModule`). */
export const se: ChannelAttnFactory = (kwargs, where) => {
  const { bias: hasBias, ...options } = readSe(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const inner = reducedChannels(x.channels, options);
      const pooled = squeezed(net, x, prefix, options.add_maxpool);
      const reduced = conv2d(net, pooled, `${prefix}.fc1`, { outChs: inner, kernel: 1, hasBias });
      const active = { ...reduced, name: options.act_layer(net, reduced.name, `${prefix}.act`) };
      const excited = conv2d(net, active, `${prefix}.fc2`, { outChs: x.channels, kernel: 1, hasBias });
      return gated(net, x, options.gate_layer(net, excited.name, `${prefix}.gate`), prefix);
    },
  };
};

const readEse = object({ add_maxpool: flag(false), gate_layer: activation('hard_sigmoid') });

/** Effective squeeze-and-excitation: one layer without reduction (https://arxiv.org/abs/1911.06667). */
export const ese: ChannelAttnFactory = (kwargs, where) => {
  const options = readEse(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const pooled = squeezed(net, x, prefix, options.add_maxpool);
      const excited = conv2d(net, pooled, `${prefix}.fc`, { outChs: x.channels, kernel: 1, hasBias: true });
      return gated(net, x, options.gate_layer(net, excited.name, `${prefix}.gate`), prefix);
    },
  };
};
