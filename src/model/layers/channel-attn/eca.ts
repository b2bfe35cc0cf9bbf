import { makeDivisible } from '../../../rounding.js';
import { integer, number, object, optional } from '../../config/fields.js';
import { int } from '../../graph-builder.js';
import { type ChannelAttn, type FeatureMap, featureMap, type Net } from '../net.js';
import { globalAverage } from '../pool.js';
import { activation, type ChannelAttnFactory, reduction } from './attn-kwargs.js';
import { gated } from './squeeze-excite.js';

const readers = {
  kernel_size: optional(integer(1), 3), // timm computes it from the channels all the same
  gamma: optional(number(0.01), 2),
  beta: optional(number(), 1),
  gate_layer: activation('sigmoid'),
};

const readEca = object(readers);
const readEcam = object({ ...readers, ...reduction(1 / 8, 8), act_layer: activation('relu') });

/** The odd kernel size that the channels call for. */
function kernelSize(channels: number, gamma: number, beta: number): number {
  const t = Math.trunc(Math.abs(Math.log2(channels) + beta) / gamma);
  return Math.max(t % 2 === 1 ? t : t + 1, 3);
}

/** The means of the channels in a row: [batch, 1, 1, C], for convolutions along the channels. */
function channelRow(net: Net, x: FeatureMap, prefix: string): FeatureMap {
  const mean = globalAverage(net, x.name, `${prefix}.pool`);
  return featureMap(net, net.graph.reshape(`${prefix}.row`, mean, [0, 1, 1, x.channels]));
}

/** torch's `Conv1d` over a row, which is a 2D convolution of height 1 with weights of one dimension less. */
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
  const kernelShape = { kind: 'ints', value: [1, kernel] } as const;
  const pads = { kind: 'ints', value: [0, pad, 0, pad] } as const;
  return featureMap(net, graph.add(prefix, 'Conv', inputs, { kernel_shape: kernelShape, pads }));
}

/** Efficient channel attention (https://arxiv.org/abs/1910.03151; timm's `EcaModule`). */
export const eca: ChannelAttnFactory = (kwargs, where) => ecaOf(readEca(kwargs, where), false);

/** With circular padding (timm's `CecaModule`). */
export const ceca: ChannelAttnFactory = (kwargs, where) => ecaOf(readEca(kwargs, where), true);

function ecaOf(options: ReturnType<typeof readEca>, circular: boolean): ChannelAttn {
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

/** The last `count` channels before the first, and the first after the last. */
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

/** With a hidden layer (timm's `EcaModule` with `use_mlp`). */
export const ecam: ChannelAttnFactory = (kwargs, where) => {
  const options = readEcam(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const kernel = kernelSize(x.channels, options.gamma, options.beta);
      const inner = options.rd_channels || makeDivisible(x.channels * options.rd_ratio, options.rd_divisor);
      const row = channelRow(net, x, prefix);
      const hidden = conv1d(net, row, `${prefix}.conv`, {
        outChs: inner,
        kernel: 1,
        padded: false,
        hasBias: true,
      });
      const active = { ...hidden, name: options.act_layer(net, hidden.name, `${prefix}.act`) };
      const conv = conv1d(net, active, `${prefix}.conv2`, { outChs: 1, kernel, padded: true, hasBias: true });
      return gateByRow(net, x, options.gate_layer(net, conv.name, `${prefix}.gate`), prefix);
    },
  };
};
