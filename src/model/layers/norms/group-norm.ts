import { ModelError } from '../../../errors.js';
import { integer, number, object, optional, type Reader } from '../../config/fields.js';
import { float } from '../../graph-builder.js';
import { channelAffine, type Net } from '../net.js';
import { activate, type NormFactory, type NormLayer, weightAndBias, withEps } from './norm.js';

/** How channels are split into groups. */
export interface GroupKwargs {
  readonly num_groups: number;
  readonly group_size: number;
  readonly eps: number;
}

/** The number of groups that `group_size` (0: not given) or `num_groups` makes of the channels. */
export function groupCount(
  { num_groups: groups, group_size: size }: GroupKwargs,
  channels: number,
  prefix: string,
): number {
  const count = size > 0 ? channels / size : groups;
  if (Number.isInteger(count) && channels % count === 0) return count;
  const asked = size > 0 ? `groups of ${size}` : `${groups} groups`;
  throw new ModelError(`${prefix}: ${channels} channels cannot be split into ${asked}`, {
    hint: 'Bind another group size: "norm_layer": {"type": …, "group_size": …}.',
  });
}

export const groupKwargs = (eps: number): Reader<GroupKwargs> =>
  object<GroupKwargs>({
    num_groups: optional(integer(1), 32),
    group_size: optional(integer(0), 0),
    eps: optional(number(0), eps),
  });

/** The normalised map, without weight and bias: InstanceNormalization over groups of channels. */
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
  (kwargs: GroupKwargs): NormLayer =>
  (net, prefix, channels, act) => {
    const groups = groupCount(kwargs, channels, prefix);
    const affine = weightAndBias(net, prefix, channels);
    const finish = (x: string) => {
      const normalized = normalizeGroups(net, x, prefix, groups, kwargs.eps);
      return activate(net, channelAffine(net, normalized, prefix, affine), prefix, act);
    };
    return { affine: undefined, finish };
  };

export const groupnorm: NormFactory = (kwargs, where) => groupNorm(groupKwargs(1e-5)(kwargs, where));
export const groupnorm1: NormFactory = (kwargs, where) =>
  groupNorm({ ...withEps(1e-5)(kwargs, where), num_groups: 1, group_size: 0 });
