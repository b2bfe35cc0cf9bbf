import { ModelError } from '../../../errors.js';
import { integer, number, object, optional } from '../../fields.js';
import { float } from '../../graph-builder.js';
import { channelAffine, type Net } from '../net.js';
import { activate, type NormFactory, type NormLayer, weightAndBias, withEps } from './norm.js';

/** Returns the number of groups of channels, from the size of a group (0: not given) or the number of groups. */
export function groupCount(groups: number, size: number, channels: number, prefix: string): number {
  const count = size > 0 ? channels / size : groups;
  if (Number.isInteger(count) && channels % count === 0) return count;
  const asked = size > 0 ? `groups of ${size}` : `${groups} groups`;
  throw new ModelError(`${prefix}: ${channels} channels cannot be split into ${asked}`, {
    hint: 'Set a group size that divides every channel count: "norm_layer": {"type": "groupnorm", "group_size": 8}.',
  });
}

const readKwargs = object({
  num_groups: optional(integer(1, 65_536), 32),
  group_size: optional(integer(0, 65_536), 0), // 0: use num_groups
  eps: optional(number(0), 1e-5),
});

/** Adds the normalised map, without weight and bias: InstanceNormalization over groups of channels. */
function normalizeGroups({ graph }: Net, x: string, prefix: string, groups: number, eps: number): string {
  const [, c = 0, h = 0, w = 0] = graph.shapeOf(x);
  const rows = graph.reshape(`${prefix}.groups`, x, [0, groups, -1]); // [batch, groups, C / groups * H * W]
  const ones = graph.floats(`${prefix}.ones`, [groups], () => new Float32Array(groups).fill(1));
  const zeros = graph.floats(`${prefix}.zeros`, [groups], () => new Float32Array(groups));
  const normalized = graph.add(`${prefix}.normalized`, 'InstanceNormalization', [rows, ones, zeros], {
    epsilon: float(eps),
  });
  return graph.reshape(`${prefix}.map`, normalized, [0, c, h, w]);
}

const groupNorm =
  (groupsOf: (channels: number, prefix: string) => number, eps: number): NormLayer =>
  (net, prefix, channels, act) => {
    const groups = groupsOf(channels, prefix);
    const affine = weightAndBias(net, prefix, channels);
    const finish = (x: string) => {
      const normalized = normalizeGroups(net, x, prefix, groups, eps);
      return activate(net, channelAffine(net, normalized, prefix, affine), prefix, act);
    };
    return { affine: undefined, finish };
  };

export const groupnorm: NormFactory = (kwargs, where) => {
  const { num_groups: groups, group_size: size, eps } = readKwargs(kwargs, where);
  return groupNorm((channels, prefix) => groupCount(groups, size, channels, prefix), eps);
};

/** Treats all channels as one group. */
export const groupnorm1: NormFactory = (kwargs, where) =>
  groupNorm(() => 1, withEps(1e-5)(kwargs, where).eps);
