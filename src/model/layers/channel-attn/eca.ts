import { ignored, number, object, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import { type ChannelAttn, type FeatureMap, featureMap, type Net } from '../net.js';
import { globalAverage } from '../pool.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';
import { gated } from './squeeze-excite.js';

const readers = {
  kernel_size: ignored, // timm ignores it and computes it from the channels
  gamma: optional(number(0.1, 64), 2),
  beta: optional(number(-64, 64), 1),
  gate_layer: activation('sigmoid'),
};

const readCeca = object(readers);
const readEca = object({
  ...readers,
  ...reduction(1 / 8, 8),
  act_layer: activation('relu'),
  use_mlp: flag(false), // a hidden layer
});

/** Returns the odd kernel size for a number of channels. */
function kernelSize(channels: number, gamma: number, beta: number): number {
  const t = Math.trunc(Math.abs(Math.log2(channels) + beta) / gamma);
  return Math.max(t % 2 === 1 ? t : t + 1, 3);
}

/** Adds the means of the channels as a row, [batch, 1, 1, C], for convolutions along the channels. */
function channelRow(net: Net, x: FeatureMap, prefix: string): FeatureMap {
  const mean = globalAverage(net, x.name, `${prefix}.pool`);
  return featureMap(net, net.graph.reshape(`${prefix}.row`, mean, [0, 1, 1, x.channels]));
}

/** Adds torch's `Conv1d` over a row, as a 2D convolution of height 1; its weights have one dimension less. */
function conv1d(
  net: Net,
  row: FeatureMap,
  prefix: string,
  { outChs, kernel, padded, hasBias }: { outChs: number; kernel: number; padded: boolean; hasBias: boolean },
): FeatureMap {
  const { graph, weights } = net;
  const pad = padded ? (kernel - 1) / 2 : 0;
  const weight = weights.take(`${prefix}.weight`, [outChs, row.channels, kernel]);
  const inputs = [row.name, graph.floats(`${prefix}.weight`, [outChs, row.channels, 1, kernel], weight.read)];
  if (hasBias) {
    const bias = weights.take(`${prefix}.bias`, [outChs]);
    inputs.push(graph.floats(`${prefix}.bias`, [outChs], bias.read));
  }
  const attributes = { kernel_shape: ints(1, kernel), pads: ints(0, pad, 0, pad) };
  return featureMap(net, graph.add(prefix, 'Conv', inputs, attributes));
}

/** Efficient channel attention (https://arxiv.org/abs/1910.03151; timm's `EcaModule`). */
export const eca: ChannelAttnFactory = (kwargs, where) => {
  const options = readEca(kwargs, where);
  return options.use_mlp ? withHiddenLayer(options) : ecaOf(options, false);
};

/** With a hidden layer. */
export const ecam: ChannelAttnFactory = (kwargs, where) => withHiddenLayer(readEca(kwargs, where));

/** With circular padding (timm's `CecaModule`). */
export const ceca: ChannelAttnFactory = (kwargs, where) => ecaOf(readCeca(kwargs, where), true);

function ecaOf(options: ReturnType<typeof readCeca>, circular: boolean): ChannelAttn {
  return {
    build: (net, x, prefix) => {
      const kernel = kernelSize(x.channels, options.gamma, options.beta);
      const row = channelRow(net, x, prefix);
      const around = circular ? wrapped(net, row, prefix, (kernel - 1) / 2) : row;
      const conv = conv1d(net, around, `${prefix}.conv`, {
        outChs: 1,
        kernel,
        padded: !circular,
        hasBias: false,
      });
      return gateByRow(net, x, options.gate_layer(net, conv.name, `${prefix}.gate`), prefix);
    },
  };
}

/** Pads circularly: the last `count` channels go before the first, and the first `count` after the last. */
function wrapped(net: Net, row: FeatureMap, prefix: string, count: number): FeatureMap {
  const length = row.width;
  const index = net.graph.int64(`${prefix}.around`, length + 2 * count, () =>
    Array.from({ length: length + 2 * count }, (_, i) => (i - count + length) % length),
  );
  return featureMap(net, net.graph.add(`${prefix}.wrapped`, 'Gather', [row.name, index], { axis: int(3) }));
}

function gateByRow(net: Net, x: FeatureMap, row: string, prefix: string): FeatureMap {
  return gated(net, x, net.graph.reshape(`${prefix}.gate.channels`, row, [0, x.channels, 1, 1]), prefix);
}

function withHiddenLayer(options: ReturnType<typeof readEca>): ChannelAttn {
  return {
    build: (net, x, prefix) => {
      const kernel = kernelSize(x.channels, options.gamma, options.beta);
      const inner = reducedChannels(x.channels, options, 0.9);
      const row = channelRow(net, x, prefix);
      const first = { outChs: inner, kernel: 1, padded: false, hasBias: true };
      const hidden = conv1d(net, row, `${prefix}.conv`, first);
      const active = { ...hidden, name: options.act_layer(net, hidden.name, `${prefix}.act`) };
      const second = { outChs: 1, kernel, padded: true, hasBias: true };
      const conv = conv1d(net, active, `${prefix}.conv2`, second);
      return gateByRow(net, x, options.gate_layer(net, conv.name, `${prefix}.gate`), prefix);
    },
  };
}
