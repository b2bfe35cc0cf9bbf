import { makeDivisible } from '../../../rounding.js';
import { number, object, oddKernel, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import { scaleOutputs } from '../conv-norm-act.js';
import { addConv, conv2d } from '../conv2d.js';
import { linear } from '../linear.js';
import { type FeatureMap, featureMap, type Net } from '../net.js';
import { batchNormAffine } from '../norms/batch-norm.js';
import { groupnorm1 } from '../norms/group-norm.js';
import { addNorm } from '../norms/norm.js';
import { activation, type ChannelAttnFactory, flag, type ReductionKwargs, reduction } from './attn-kwargs.js';
import { gated } from './squeeze-excite.js';

// Attention based on the mean of each row and each column (timm/layers/coord_attn.py).

/** Adds the means of the rows [batch, C, H, 1] and of the columns [batch, C, 1, W]. */
function strips(net: Net, x: FeatureMap, prefix: string): { rows: FeatureMap; columns: FeatureMap } {
  const mean = (name: string, axis: number) =>
    featureMap(
      net,
      net.graph.add(`${prefix}.${name}`, 'ReduceMean', [x.name], { axes: ints(axis), keepdims: int(1) }),
    );
  return { rows: mean('rows', 3), columns: mean('columns', 2) };
}

function withSkip(net: Net, y: FeatureMap, x: FeatureMap, prefix: string, hasSkip: boolean): FeatureMap {
  return hasSkip ? featureMap(net, net.graph.add(`${prefix}.skip`, 'Add', [y.name, x.name])) : y;
}

const seFactor = optional(number(0), 2 / 3);

const coordChannels = (channels: number, kwargs: ReductionKwargs & { readonly se_factor: number }): number =>
  kwargs.rd_channels ||
  makeDivisible(channels * kwargs.rd_ratio * kwargs.se_factor, kwargs.rd_divisor, { roundLimit: 0 });

const readCoord = object({
  ...reduction(1 / 16, 8),
  se_factor: seFactor,
  bias: flag(false),
  act_layer: activation('hard_swish'),
  gate_layer: activation('sigmoid'),
  has_skip: flag(false),
});

/** Coordinate attention (https://arxiv.org/abs/2103.02907; timm's `CoordAttn`). */
export const coord: ChannelAttnFactory = (kwargs, where) => {
  const { bias: hasBias, ...options } = readCoord(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { graph } = net;
      const outChs = coordChannels(x.channels, options);
      const { rows, columns } = strips(net, x, prefix);
      const upright = graph.transpose(`${prefix}.columns.upright`, columns.name, [0, 1, 3, 2]); // [batch, C, W, 1]
      const both = graph.add(`${prefix}.strips`, 'Concat', [rows.name, upright], { axis: int(2) });
      const reduced = reducedStrips(net, featureMap(net, both), prefix, outChs, hasBias);
      const y = options.act_layer(net, reduced.name, `${prefix}.act`);
      const part = (name: string, from: number, to: number) =>
        graph.slice(`${prefix}.${name}.part`, y, 2, from, to);
      const gate = (name: string, strip: string) => {
        const spec = { outChs: x.channels, kernel: 1, hasBias };
        const conv = conv2d(net, featureMap(net, strip), `${prefix}.conv_${name}`, spec);
        return options.gate_layer(net, conv.name, `${prefix}.gate_${name}`);
      };
      const flat = graph.transpose(`${prefix}.w.flat`, part('w', x.height, x.height + x.width), [0, 1, 3, 2]);
      const gateRows = gate('h', part('h', 0, x.height));
      const gates = graph.add(`${prefix}.gates`, 'Mul', [gateRows, gate('w', flat)]);
      return withSkip(net, gated(net, x, gates, prefix), x, prefix, options.has_skip);
    },
  };
};

/** Adds conv1 with bn1 folded in. */
function reducedStrips(
  net: Net,
  x: FeatureMap,
  prefix: string,
  outChs: number,
  hasBias: boolean,
): FeatureMap {
  const weight = net.weights.take(`${prefix}.conv1.weight`, [outChs, x.channels, 1, 1]);
  const bias = hasBias ? net.weights.take(`${prefix}.conv1.bias`, [outChs]) : undefined;
  const affine = batchNormAffine(net, `${prefix}.bn1`, outChs);
  const shifted = () => {
    const { scale, shift } = affine();
    const own = bias?.read();
    return Float32Array.from(shift, (s, c) => s + (scale[c] as number) * (own?.[c] ?? 0));
  };
  const weights = { weight: () => scaleOutputs(weight.read(), affine().scale), bias: shifted };
  return addConv(net, x, `${prefix}.conv1`, { outChs, kernel: 1 }, weights);
}

const readScoord = object({
  ...reduction(0.25, 8),
  se_factor: seFactor,
  bias: flag(true),
  act_layer: activation('silu'),
  gate_layer: activation('sigmoid'),
  has_skip: flag(false),
});

/** A simpler variant with linear layers and no norm (timm's `SimpleCoordAttn`). */
export const scoord: ChannelAttnFactory = (kwargs, where) => {
  const { bias: hasBias, ...options } = readScoord(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { graph } = net;
      const inner = coordChannels(x.channels, options);
      const { rows, columns } = strips(net, x, prefix);
      const gate = (name: Axis, strip: FeatureMap) => {
        const path = `${prefix}.${name}`;
        const flat = graph.reshape(`${path}.flat`, strip.name, [0, x.channels, -1]);
        const places = graph.transpose(`${path}.places`, flat, [0, 2, 1]); // [batch, H or W, C]
        const hidden = linear(net, places, `${prefix}.fc1`, inner, { hasBias });
        const active = options.act_layer(net, hidden, `${path}.act`);
        const out = linear(net, active, `${prefix}.fc_${name}`, x.channels, { hasBias });
        const channels = graph.transpose(`${path}.channels`, out, [0, 2, 1]);
        return graph.reshape(`${path}.map`, channels, [0, x.channels, strip.height, strip.width]);
      };
      const sum = graph.add(`${prefix}.sum`, 'Add', [gate('h', rows), gate('w', columns)]);
      const gates = options.gate_layer(net, sum, `${prefix}.gate`);
      return withSkip(net, gated(net, x, gates, prefix), x, prefix, options.has_skip);
    },
  };
};

const readEla = object({
  kernel_size: optional(oddKernel, 7),
  bias: flag(false),
  act_layer: activation('silu'),
  gate_layer: activation('sigmoid'),
  has_skip: flag(false),
});

/** The two strips, under timm's names: h is the column of row means, w the row of column means. */
type Axis = 'h' | 'w';

interface StripConvSpec {
  readonly axis: Axis;
  readonly kernel: number;
  readonly hasBias: boolean;
}

/** Adds a depthwise convolution along a strip, at `<prefix>.conv_<axis>`. */
function stripConv(
  net: Net,
  strip: FeatureMap,
  prefix: string,
  { axis, kernel, hasBias }: StripConvSpec,
): FeatureMap {
  const shape = axis === 'h' ? ([kernel, 1] as const) : ([1, kernel] as const);
  const spec = { outChs: strip.channels, kernel: shape, groups: strip.channels, hasBias };
  return conv2d(net, strip, `${prefix}.conv_${axis}`, spec);
}

/** Efficient local attention (https://arxiv.org/abs/2403.01123; timm's `EfficientLocalAttn`). */
export const ela: ChannelAttnFactory = (kwargs, where) => {
  const { kernel_size: kernel, bias: hasBias, ...options } = readEla(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { rows, columns } = strips(net, x, prefix);
      const gate = (name: Axis, strip: FeatureMap) => {
        const conv = stripConv(net, strip, prefix, { axis: name, kernel, hasBias });
        const norm = groupnorm1({}, 'norm')(net, `${prefix}.norm_${name}`, x.channels, undefined);
        const normalized = addNorm(net, conv.name, `${prefix}.norm_${name}`, norm);
        const active = options.act_layer(net, normalized, `${prefix}.act_${name}`);
        return options.gate_layer(net, active, `${prefix}.gate_${name}`);
      };
      const gates = net.graph.add(`${prefix}.gates`, 'Mul', [gate('h', rows), gate('w', columns)]);
      return withSkip(net, gated(net, x, gates, prefix), x, prefix, options.has_skip);
    },
  };
};

const readStrip = object({
  use_conv: flag(true),
  kernel_size: optional(oddKernel, 3),
  bias: flag(false),
  gate_layer: activation('sigmoid'),
  has_skip: flag(false),
});

/** Attention from the sum of row and column means, refined by convolutions (timm's `StripAttn`). */
export const strip: ChannelAttnFactory = (kwargs, where) => {
  const { kernel_size: kernel, bias: hasBias, ...options } = readStrip(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { rows, columns } = strips(net, x, prefix);
      const refined = (axis: Axis, map: FeatureMap) =>
        options.use_conv ? stripConv(net, map, prefix, { axis, kernel, hasBias }) : map;
      const sum = net.graph.add(`${prefix}.sum`, 'Add', [
        refined('h', rows).name,
        refined('w', columns).name,
      ]);
      const gates = options.gate_layer(net, sum, `${prefix}.gate`);
      return withSkip(net, gated(net, x, gates, prefix), x, prefix, options.has_skip);
    },
  };
};
