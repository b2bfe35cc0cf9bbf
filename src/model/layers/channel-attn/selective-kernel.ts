import { ModelError } from '../../../errors.js';
import { integer, nonEmpty, object, optional, type Reader } from '../../fields.js';
import { int } from '../../graph-builder.js';
import { relu } from '../activation.js';
import { convNormAct, PLAIN_LAYERS } from '../conv-norm-act.js';
import { conv2d } from '../conv2d.js';
import { type FeatureMap, featureMap, type Net } from '../net.js';
import { batchnorm } from '../norms/batch-norm.js';
import { addNorm } from '../norms/norm.js';
import { globalAverage } from '../pool.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';

const kernelSizes: Reader<readonly number[]> = (value, where) => {
  const sizes = Array.isArray(value) ? nonEmpty(integer(3, 31))(value, where) : undefined;
  const size = sizes === undefined ? optional(integer(3, 31), undefined)(value, where) : undefined;
  const kernels = sizes ?? (size === undefined ? [3, 5] : [size, size]);
  const even = kernels.find((kernel) => kernel % 2 === 0);
  if (even !== undefined) throw new ModelError(`${where}: expected odd kernel sizes, received ${even}`);
  return kernels;
};

const readSk = object({
  ...reduction(1 / 16, 8),
  kernel_size: kernelSizes,
  dilation: optional(integer(1, 64), 1),
  groups: optional(integer(1, 65_536), 1),
  keep_3x3: flag(true), // replaces larger kernels with dilated 3x3 ones
  split_input: flag(true), // each path sees a share of the channels
  act_layer: activation('relu'),
});

/** Selective kernels: paths with different receptive fields, mixed by attention (https://arxiv.org/abs/1903.06586). */
export const sk: ChannelAttnFactory = (kwargs, where) => {
  const options = readSk(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { graph } = net;
      const paths = options.kernel_size.map((kernel, i) =>
        path(net, x, `${prefix}.paths.${i}`, options, kernel, i),
      );
      const weights = pathWeights(net, x, prefix, paths, options);
      const c = x.channels;
      const weighted = paths.map((y, i) => {
        const weight = graph.slice(`${prefix}.weight.${i}`, weights, 1, i * c, (i + 1) * c);
        return graph.add(`${prefix}.weighted.${i}`, 'Mul', [y.name, weight]);
      });
      return featureMap(net, graph.sum(`${prefix}.sum`, weighted));
    },
  };
};

function path(
  net: Net,
  x: FeatureMap,
  prefix: string,
  options: ReturnType<typeof readSk>,
  kernel: number,
  place: number,
): FeatureMap {
  const count = options.kernel_size.length;
  if (options.split_input && x.channels % count !== 0) {
    throw new ModelError(`${prefix}: ${x.channels} channels cannot be split among ${count} paths`);
  }
  const share = x.channels / count;
  const own = () => net.graph.slice(`${prefix}.input`, x.name, 1, place * share, (place + 1) * share);
  const input = options.split_input ? featureMap(net, own()) : x;
  const layers = { ...PLAIN_LAYERS, act: options.act_layer };
  return convNormAct(net, layers, input, prefix, {
    outChs: x.channels,
    kernel: options.keep_3x3 ? 3 : kernel,
    dilation: options.keep_3x3 ? Math.floor((options.dilation * (kernel - 1)) / 2) : options.dilation,
    groups: Math.min(x.channels, options.groups),
  });
}

/** Adds the share of each path in each channel: [batch, paths * C, 1, 1]. */
function pathWeights(
  net: Net,
  x: FeatureMap,
  prefix: string,
  paths: readonly FeatureMap[],
  options: ReturnType<typeof readSk>,
): string {
  const { graph } = net;
  const attn = `${prefix}.attn`;
  const sum = graph.sum(
    `${attn}.sum`,
    paths.map(({ name }) => name),
  );
  const pooled = featureMap(net, globalAverage(net, sum, `${attn}.pool`));
  const outChs = reducedChannels(x.channels, options, 0.9);
  const reduced = conv2d(net, pooled, `${attn}.fc_reduce`, { outChs, kernel: 1, hasBias: false });
  const norm = batchnorm({}, 'norm')(net, `${attn}.bn`, outChs, undefined);

  const active = {
    ...reduced,
    name: relu(net, addNorm(net, reduced.name, `${attn}.bn`, norm), `${attn}.act`),
  };
  const spec = { outChs: x.channels * paths.length, kernel: 1, hasBias: false };
  const scores = conv2d(net, active, `${attn}.fc_select`, spec);
  const byPath = graph.reshape(`${attn}.by_path`, scores.name, [0, paths.length, x.channels]);
  const softmax = graph.add(`${attn}.softmax`, 'Softmax', [byPath], { axis: int(1) });
  return graph.reshape(`${attn}.weights`, softmax, [0, paths.length * x.channels, 1, 1]);
}
