import { integer, number, object, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import { ACTIVATIONS } from '../activation.js';
import { channelAffine, type Net } from '../net.js';
import { groupCount } from './group-norm.js';
import { type NormFactory, perChannel, rootMeanSquare, weightAndBias, withEps } from './norm.js';

// EvoNorms (https://arxiv.org/abs/2004.02967) have their own activation: `act` only says whether to apply one.

type Denominator = (net: Net, x: string, prefix: string, channels: number) => string;

/** The B family: divides by the larger of the running deviation and a statistic of the image. */
const evonormB =
  (defaultEps: number, right: (eps: number) => Denominator): NormFactory =>
  (kwargs, where) => {
    const { eps } = withEps(defaultEps)(kwargs, where);
    return (net, prefix, channels, act) => {
      const { graph, weights } = net;
      const affine = weightAndBias(net, prefix, channels);
      const variance = weights.take(`${prefix}.running_var`, [channels]);
      if (act === undefined) return { affine, finish: (x) => x };
      const left = graph.floats(`${prefix}.deviation`, [channels, 1, 1], () =>
        variance.read().map((value) => Math.sqrt(value + eps)),
      );
      const statistic = right(eps);
      const finish = (x: string) => {
        const divisor = graph.add(`${prefix}.divisor`, 'Max', [left, statistic(net, x, prefix, channels)]);
        return channelAffine(net, graph.add(`${prefix}.divided`, 'Div', [x, divisor]), prefix, affine);
      };
      return { affine: undefined, finish };
    };
  };

export const evonormb0 = evonormB(1e-3, (eps) => (net, x, prefix, channels) => {
  const { graph } = net;
  const scaled = graph.add(`${prefix}.vx`, 'Mul', [x, perChannel(net, prefix, 'v', channels)]);
  return graph.add(`${prefix}.right`, 'Add', [scaled, groupDeviation(net, x, prefix, channels, eps)]);
});

export const evonormb1 = evonormB(1e-5, (eps) => (net, x, prefix) => {
  const { graph } = net;
  const shifted = graph.add(`${prefix}.shifted`, 'Add', [x, graph.scalar(`${prefix}.one`, 1)]);
  return graph.add(`${prefix}.right`, 'Mul', [shifted, rootMeanSquare(net, x, prefix, [2, 3], eps)]);
});

export const evonormb2 = evonormB(
  1e-5,
  (eps) => (net, x, prefix) =>
    net.graph.add(`${prefix}.right`, 'Sub', [rootMeanSquare(net, x, prefix, [2, 3], eps), x]),
);

/** Adds √(variance + eps) of groups of channels, broadcastable to the map: [batch, C, 1, 1]. */
function groupDeviation({ graph }: Net, x: string, prefix: string, groups: number, eps: number): string {
  const rows = graph.reshape(`${prefix}.groups`, x, [0, groups, -1]);
  const over = { axes: ints(2), keepdims: int(1) };
  const mean = graph.add(`${prefix}.mean`, 'ReduceMean', [rows], over);
  const centred = graph.add(`${prefix}.centred`, 'Sub', [rows, mean]);
  const squared = graph.add(`${prefix}.centred.squared`, 'Mul', [centred, centred]);
  const variance = graph.add(`${prefix}.variance`, 'ReduceMean', [squared], over);
  return toChannels(graph, x, prefix, variance, groups, eps);
}

/** Adds √(mean(x²) + eps) of groups of channels, broadcastable to the map: [batch, C, 1, 1]. */
function groupRms({ graph }: Net, x: string, prefix: string, groups: number, eps: number): string {
  const rows = graph.reshape(`${prefix}.groups`, x, [0, groups, -1]);
  const squared = graph.add(`${prefix}.squared`, 'Mul', [rows, rows]);
  const mean = graph.add(`${prefix}.mean_square`, 'ReduceMean', [squared], {
    axes: ints(2),
    keepdims: int(1),
  });
  return toChannels(graph, x, prefix, mean, groups, eps);
}

/** Adds √(value + eps) of each group, repeated for each of its channels. */
function toChannels(
  graph: Net['graph'],
  x: string,
  prefix: string,
  perGroup: string, // [batch, groups, 1]
  groups: number,
  eps: number,
): string {
  const channels = graph.shapeOf(x)[1] ?? 0;
  const shifted = graph.add(`${prefix}.variance.eps`, 'Add', [perGroup, graph.scalar(`${prefix}.eps`, eps)]);
  const root = graph.add(`${prefix}.deviation`, 'Sqrt', [shifted]);
  const index = graph.int64(`${prefix}.group_of`, channels, () =>
    Array.from({ length: channels }, (_, c) => Math.floor((c * groups) / channels)),
  );
  const repeated = graph.add(`${prefix}.deviations`, 'Gather', [root, index], { axis: int(1) }); // [batch, C, 1]
  return graph.reshape(`${prefix}.deviation.map`, repeated, [0, channels, 1, 1]);
}

const groupKwargs = (eps: number) =>
  object({
    groups: optional(integer(1, 65_536), 32),
    group_size: optional(integer(0, 65_536), 0), // 0: use groups
    eps: optional(number(0), eps),
  });

type GroupStatistic = (net: Net, x: string, prefix: string, groups: number, eps: number) => string;
type Nonlinearity = (net: Net, x: string, prefix: string, channels: number) => string;

/**
 * The S family: divides a nonlinearity by a statistic of groups of channels.
 *
 * @param always divide even if no activation is requested (timm's "a" variants)
 */
const evonormS =
  (eps: number, nonlinearity: Nonlinearity, statistic: GroupStatistic, always: boolean): NormFactory =>
  (kwargs, where) => {
    const { groups, ...options } = groupKwargs(eps)(kwargs, where);
    return (net, prefix, channels, act) => {
      const { graph } = net;
      const affine = weightAndBias(net, prefix, channels);
      if (act === undefined && !always) return { affine, finish: (x) => x };
      const count = groupCount(groups, options.group_size, channels, prefix);
      const bend = act === undefined ? (_: Net, x: string) => x : nonlinearity;
      const finish = (x: string) => {
        const divided = graph.add(`${prefix}.divided`, 'Div', [
          bend(net, x, prefix, channels),
          statistic(net, x, prefix, count, options.eps),
        ]);
        return channelAffine(net, divided, prefix, affine);
      };
      return { affine: undefined, finish };
    };
  };

/** Adds x · sigmoid(v · x) with a learned v. */
const swishV: Nonlinearity = (net, x, prefix, channels) => {
  const { graph } = net;
  const scaled = graph.add(`${prefix}.vx`, 'Mul', [x, perChannel(net, prefix, 'v', channels)]);
  return graph.add(`${prefix}.swish`, 'Mul', [x, graph.add(`${prefix}.gate`, 'Sigmoid', [scaled])]);
};

const silu: Nonlinearity = (net, x, prefix) => ACTIVATIONS.silu?.(net, x, `${prefix}.act`) ?? x;

export const evonorms0 = evonormS(1e-5, swishV, groupDeviation, false);
export const evonorms0a = evonormS(1e-3, swishV, groupDeviation, true);
export const evonorms1 = evonormS(1e-5, silu, groupDeviation, false);
export const evonorms1a = evonormS(1e-3, silu, groupDeviation, true);
export const evonorms2 = evonormS(1e-5, silu, groupRms, false);
export const evonorms2a = evonormS(1e-3, silu, groupRms, true);
