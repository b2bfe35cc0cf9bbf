import { ModelError } from '../../../errors.js';
import { integer, object, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import { conv2d } from '../conv2d.js';
import { type FeatureMap, featureMap, type Net } from '../net.js';
import { batchnorm } from '../norms/batch-norm.js';
import { addNorm } from '../norms/norm.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';
import { convMlp } from './conv-mlp.js';
import { gated, squeezed } from './squeeze-excite.js';

const readGe = object({
  ...reduction(1 / 16, 1),
  extra_params: flag(false), // gather with convolutions instead of pooling
  extent: optional(integer(0, 1024), 0), // side in pixels of the area that is gathered into one; 0: the whole map
  use_mlp: flag(true),
  add_maxpool: flag(false),
  act_layer: activation('relu'),
  gate_layer: activation('sigmoid'),
});

type Options = ReturnType<typeof readGe>;

/** Gather-excite (https://arxiv.org/abs/1810.12348; timm's `GatherExcite`). */
export const ge: ChannelAttnFactory = (kwargs, where) => {
  const options = readGe(kwargs, where);
  const { extent, extra_params: byConvs } = options;
  if (extent % 2 !== 0 || (byConvs && extent === 0)) {
    const expected = byConvs ? 'an even number of at least 2' : 'an even number';
    throw new ModelError(`${where}.extent: expected ${expected}, received ${extent}`);
  }
  return {
    build: (net, x, prefix) => {
      let y = gather(net, x, prefix, options);
      if (options.use_mlp) {
        const hidden = reducedChannels(x.channels, options);
        y = convMlp(net, y, `${prefix}.mlp`, { hidden, act: options.act_layer });
      }
      if (y.height !== 1 || y.width !== 1) y = enlarged(net, y, prefix, x);
      return gated(net, x, options.gate_layer(net, y.name, `${prefix}.gate`), prefix);
    },
  };
};

function gather(net: Net, x: FeatureMap, prefix: string, options: Options): FeatureMap {
  if (options.extra_params) return gatherByConvs(net, x, prefix, options);
  if (options.extent === 0) return squeezed(net, x, prefix, options.add_maxpool);
  const average = pooled(net, x, `${prefix}.avg`, 'AveragePool', options.extent);
  if (!options.add_maxpool) return featureMap(net, average);
  const max = pooled(net, x, `${prefix}.max`, 'MaxPool', options.extent);
  return featureMap(net, net.graph.average(`${prefix}.pool`, average, max));
}

function pooled(
  net: Net,
  x: FeatureMap,
  name: string,
  op: 'AveragePool' | 'MaxPool',
  extent: number,
): string {
  const kernel = 2 * extent - 1;
  const pad = Math.floor(kernel / 2);
  return net.graph.add(name, op, [x.name], {
    kernel_shape: ints(kernel, kernel),
    strides: ints(extent, extent),
    pads: ints(pad, pad, pad, pad),
    ...(op === 'AveragePool' && { count_include_pad: int(0) }),
  });
}

/** Adds depthwise convolutions of stride 2, as many as it takes to halve the extent to one. */
function gatherByConvs(
  net: Net,
  x: FeatureMap,
  prefix: string,
  { extent, act_layer: act }: Options,
): FeatureMap {
  const outChs = x.channels;
  const depthwise = { outChs, groups: outChs, hasBias: false };
  const normed = (y: FeatureMap, i: number): FeatureMap => {
    const norm = batchnorm({}, 'norm')(net, `${prefix}.gather.norm${i}`, outChs, undefined);
    return { ...y, name: addNorm(net, y.name, `${prefix}.gather.norm${i}`, norm) };
  };
  const count = Math.trunc(Math.log2(extent));
  let y = x;
  for (let i = 1; i <= count; i++) {
    y = normed(conv2d(net, y, `${prefix}.gather.conv${i}`, { ...depthwise, kernel: 3, stride: 2 }), i);
    if (i < count) y = { ...y, name: act(net, y.name, `${prefix}.gather.act${i}`) };
  }
  return y;
}

/** Upsamples to the size of the map by nearest neighbour. */
function enlarged(net: Net, y: FeatureMap, prefix: string, to: FeatureMap): FeatureMap {
  const rows = nearest(net.graph, y.name, `${prefix}.rows`, 2, y.height, to.height);
  return featureMap(net, nearest(net.graph, rows, `${prefix}.enlarged`, 3, y.width, to.width));
}

/** Returns the source places of torch's nearest interpolation along one axis: floor(place · from / to). */
function nearest(
  graph: Net['graph'],
  x: string,
  name: string,
  axis: number,
  from: number,
  to: number,
): string {
  const index = graph.int64(`${name}.index`, to, () =>
    Array.from({ length: to }, (_, place) => Math.floor((place * from) / to)),
  );
  return graph.add(name, 'Gather', [x, index], { axis: int(axis) });
}
