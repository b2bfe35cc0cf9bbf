import { makeDivisible } from '../../../rounding.js';
import { integer, object, optional } from '../../fields.js';
import { int } from '../../graph-builder.js';
import { conv2d } from '../conv2d.js';
import { type FeatureMap, featureMap, type Net } from '../net.js';
import { globalAverage } from '../pool.js';
import { activation, type ChannelAttnFactory, flag, reduction } from './attn-kwargs.js';

const readSplat = object({
  ...reduction(0.25, 8),
  kernel_size: optional(integer(1, 31), 3),
  padding: optional(integer(0, 64), undefined),
  dilation: optional(integer(1, 64), 1),
  groups: optional(integer(1, 65_536), 1),
  bias: flag(false),
  radix: optional(integer(1, 64), 2), // splits that compete for each channel
  act_layer: activation('relu'),
});

type Options = ReturnType<typeof readSplat>;

/** Split attention (https://arxiv.org/abs/2004.08955; timm's `SplitAttn`, which has no norms by default). */
export const splat: ChannelAttnFactory = (kwargs, where) => {
  const options = readSplat(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { graph } = net;
      const { radix, groups, kernel_size: kernel } = options;
      const c = x.channels;
      const conv = conv2d(net, x, `${prefix}.conv`, {
        outChs: c * radix,
        kernel,
        dilation: options.dilation,
        groups: groups * radix,
        pads: options.padding ?? Math.floor(kernel / 2),
        hasBias: options.bias,
      });
      const y = options.act_layer(net, conv.name, `${prefix}.act0`);
      const split = (name: string, value: string, i: number) =>
        graph.slice(`${prefix}.${name}.${i}`, value, 1, i * c, (i + 1) * c);
      const splits = Array.from({ length: radix }, (_, i) => split('split', y, i));
      const attn = splitAttn(net, graph.sum(`${prefix}.gap.sum`, splits), prefix, options);
      const weighted = splits.map((part, i) =>
        graph.add(`${prefix}.weighted.${i}`, 'Mul', [part, split('weight', attn, i)]),
      );
      return featureMap(net, graph.sum(`${prefix}.sum`, weighted));
    },
  };
};

/** Adds the share of each split in each channel: [batch, radix * C, 1, 1]. */
function splitAttn(net: Net, sum: string, prefix: string, options: Options): string {
  const { graph } = net;
  const { radix, groups } = options;
  const pooled: FeatureMap = featureMap(net, globalAverage(net, sum, `${prefix}.gap`));
  const c = pooled.channels;
  const inner = options.rd_channels
    ? options.rd_channels * radix
    : makeDivisible(c * radix * options.rd_ratio, options.rd_divisor, { min: 32 });
  const fc1 = conv2d(net, pooled, `${prefix}.fc1`, { outChs: inner, kernel: 1, groups, hasBias: true });
  const active = { ...fc1, name: options.act_layer(net, fc1.name, `${prefix}.act1`) };
  const fc2 = conv2d(net, active, `${prefix}.fc2`, { outChs: c * radix, kernel: 1, groups, hasBias: true });
  if (radix === 1) return graph.add(`${prefix}.sigmoid`, 'Sigmoid', [fc2.name]);
  const byGroup = graph.reshape(`${prefix}.by_group`, fc2.name, [0, groups, radix, c / groups]);
  const byRadix = graph.transpose(`${prefix}.by_radix`, byGroup, [0, 2, 1, 3]); // [batch, radix, groups, C / groups]
  const softmax = graph.add(`${prefix}.rsoftmax`, 'Softmax', [byRadix], { axis: int(1) });
  return graph.reshape(`${prefix}.attn`, softmax, [0, radix * c, 1, 1]);
}
