import { object, oddKernel, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import type { Activation } from '../activation.js';
import { convNormAct, PLAIN_LAYERS } from '../conv-norm-act.js';
import { conv2d } from '../conv2d.js';
import { type ChannelAttn, type FeatureMap, featureMap, type Net } from '../net.js';
import { globalAverage, globalMax } from '../pool.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';
import { gated, squeezed } from './squeeze-excite.js';

const readCbam = object({
  ...reduction(1 / 16, 1),
  spatial_kernel_size: optional(oddKernel, 7),
  act_layer: activation('relu'),
  gate_layer: activation('sigmoid'),
  mlp_bias: flag(false),
});

type Options = ReturnType<typeof readCbam>;

const sigmoid = activation('sigmoid')(undefined, 'gate_layer');

/** Channel attention, then spatial attention (https://arxiv.org/abs/1807.06521; timm's `CbamModule`). */
export const cbam: ChannelAttnFactory = (kwargs, where) => {
  const options = readCbam(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const path = `${prefix}.channel`;
      const mean = mlp(net, featureMap(net, globalAverage(net, x.name, `${path}.avg`)), path, options);
      const max = mlp(net, featureMap(net, globalMax(net, x.name, `${path}.max`)), path, options);
      const sum = net.graph.add(`${path}.sum`, 'Add', [mean.name, max.name]);
      const y = gated(net, x, options.gate_layer(net, sum, `${path}.gate`), path);
      return spatial(net, y, `${prefix}.spatial`, options, { gate: options.gate_layer, light: false });
    },
  };
};

/** A lighter variant that averages the two pools before its layers (timm's `LightCbamModule`); its gates are sigmoids. */
export const lcbam: ChannelAttnFactory = (kwargs, where): ChannelAttn => {
  const options = readCbam(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const path = `${prefix}.channel`;
      const excited = mlp(net, squeezed(net, x, path, true), path, options);
      const y = gated(net, x, sigmoid(net, excited.name, `${path}.gate`), path);
      return spatial(net, y, `${prefix}.spatial`, options, { gate: sigmoid, light: true });
    },
  };
};

/** Adds the two layers of the channel attention; both pools use the same weights. */
function mlp(net: Net, pooled: FeatureMap, path: string, options: Options): FeatureMap {
  const { mlp_bias: hasBias } = options;
  const outChs = reducedChannels(pooled.channels, options);
  const fc1 = conv2d(net, pooled, `${path}.fc1`, { outChs, kernel: 1, hasBias });
  const active = { ...fc1, name: options.act_layer(net, fc1.name, `${path}.act`) };
  return conv2d(net, active, `${path}.fc2`, { outChs: pooled.channels, kernel: 1, hasBias });
}

/** Adds a gate for each pixel, from the mean and the maximum of its channels: both, or half their sum. */
function spatial(
  net: Net,
  x: FeatureMap,
  path: string,
  { spatial_kernel_size: kernel }: Options,
  { gate, light }: { readonly gate: Activation; readonly light: boolean },
): FeatureMap {
  const { graph } = net;
  const over = { axes: ints(1), keepdims: int(1) };
  const mean = graph.add(`${path}.mean`, 'ReduceMean', [x.name], over);
  const max = graph.add(`${path}.max`, 'ReduceMax', [x.name], over);
  const pooled = light
    ? graph.average(`${path}.pool`, mean, max)
    : graph.add(`${path}.pool`, 'Concat', [mean, max], { axis: int(1) });
  const conv = convNormAct(net, PLAIN_LAYERS, featureMap(net, pooled), `${path}.conv`, {
    outChs: 1,
    kernel,
    act: false,
  });
  return gated(net, x, gate(net, conv.name, `${path}.gate`), path);
}
