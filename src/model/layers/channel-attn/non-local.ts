import { ModelError } from '../../../errors.js';
import { ignored, integer, object, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import { convNormAct, PLAIN_LAYERS } from '../conv-norm-act.js';
import { conv2d } from '../conv2d.js';
import { type FeatureMap, featureMap, MapSizeError, type Net } from '../net.js';
import { batchnorm } from '../norms/batch-norm.js';
import { addNorm } from '../norms/norm.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';

// timm/layers/non_local_attn.py

const readNl = object({ ...reduction(1 / 8, 8), use_scale: flag(true) });

/** Every pixel attends to every other (https://arxiv.org/abs/1711.07971; timm's `NonLocalAttn`). */
export const nl: ChannelAttnFactory = (kwargs, where) => {
  const options = readNl(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const { graph } = net;
      const outChs = reducedChannels(x.channels, options, 0.9);
      const flat = (name: string) => {
        const map = conv2d(net, x, `${prefix}.${name}`, { outChs, kernel: 1, hasBias: true });
        return graph.reshape(`${prefix}.${name}.flat`, map.name, [0, outChs, -1]); // [batch, rd, H * W]
      };
      const rows = graph.transpose(`${prefix}.t.rows`, flat('t'), [0, 2, 1]);
      const product = graph.add(`${prefix}.product`, 'MatMul', [rows, flat('p')]); // [batch, H * W, H * W]
      const factor = graph.scalar(`${prefix}.scale`, options.use_scale ? x.channels ** -0.5 : 1);
      const scaled = graph.add(`${prefix}.logits`, 'Mul', [product, factor]);
      const attn = graph.add(`${prefix}.attn`, 'Softmax', [scaled], { axis: int(2) });
      const out = graph.addMicrosoft(`${prefix}.out`, 'FusedMatMul', [flat('g'), attn], { transB: int(1) }); // [batch, rd, H * W]
      const map = featureMap(net, graph.reshape(`${prefix}.map`, out, [0, outChs, x.height, x.width]));
      const z = conv2d(net, map, `${prefix}.z`, { outChs: x.channels, kernel: 1, hasBias: true });
      const norm = batchnorm({}, 'norm')(net, `${prefix}.norm`, x.channels, undefined);
      const normalized = addNorm(net, z.name, `${prefix}.norm`, norm);
      return featureMap(net, graph.add(`${prefix}.add`, 'Add', [normalized, x.name]));
    },
  };
};

const readBat = object({
  ...reduction(0.25, 8),
  block_size: optional(integer(1, 256), 7),
  groups: optional(integer(1, 65_536), 2),
  drop_rate: ignored,
  act_layer: activation('relu'),
});

type BatOptions = ReturnType<typeof readBat>;

/** Bilinear attention transforms between reducing convolutions (timm's `BatNonLocalAttn`; paper in its source). */
export const bat: ChannelAttnFactory = (kwargs, where) => {
  const options = readBat(kwargs, where);
  return {
    build: (net, x, prefix) => {
      const layers = { ...PLAIN_LAYERS, act: options.act_layer };
      const outChs = reducedChannels(x.channels, options, 0.9);
      const reduced = convNormAct(net, layers, x, `${prefix}.conv1`, { outChs, kernel: 1 });
      const y = bilinear(net, reduced, `${prefix}.ba`, options);
      const out = convNormAct(net, layers, y, `${prefix}.conv2`, { outChs: x.channels, kernel: 1 });
      return featureMap(net, net.graph.add(`${prefix}.add`, 'Add', [out.name, x.name]));
    },
  };
};

/** Mixes blocks of rows by a matrix P computed from the image itself, then blocks of columns by a matrix Q. */
function bilinear(net: Net, x: FeatureMap, prefix: string, options: BatOptions): FeatureMap {
  const { graph } = net;
  const { block_size: side, groups, act_layer: act } = options;
  const { channels: c, height: h, width: w } = x;
  if (h % side !== 0 || w % side !== 0) {
    throw new MapSizeError(`${prefix}: ${side}×${side} blocks cannot divide a map of ${h}×${w}`);
  }
  if (c % groups !== 0)
    throw new ModelError(`${prefix}: ${c} channels cannot be split into ${groups} groups`);
  const layers = { ...PLAIN_LAYERS, act };
  const scores = convNormAct(net, layers, x, `${prefix}.conv1`, { outChs: groups, kernel: 1 });
  const p = mixing(net, scores, prefix, options, 'p'); // [batch, groups, 1, side, side]
  const q = mixing(net, scores, prefix, options, 'q');
  const rows = graph.reshape(`${prefix}.rows`, x.name, [-1, groups, c / groups, side, (h / side) * w]);
  const mixed = graph.add(`${prefix}.p.mixed`, 'MatMul', [p, rows]);
  const columns = graph.reshape(`${prefix}.columns`, mixed, [-1, groups, (c / groups) * h, side, w / side]);
  const transposed = graph.transpose(`${prefix}.q.transposed`, q, [0, 1, 2, 4, 3]);
  const both = graph.add(`${prefix}.q.mixed`, 'MatMul', [transposed, columns]);
  const map = featureMap(net, graph.reshape(`${prefix}.map`, both, [-1, c, h, w]));
  return convNormAct(net, layers, map, `${prefix}.conv2`, { outChs: c, kernel: 1 });
}

/** Adds one of the two mixing matrices: sigmoids, normalised over the mixed blocks. */
function mixing(net: Net, scores: FeatureMap, prefix: string, options: BatOptions, name: 'p' | 'q'): string {
  const { graph } = net;
  const { block_size: side, groups } = options;
  const path = `${prefix}.conv_${name}`;
  const [tall, wide] =
    name === 'p' ? [scores.height / side, scores.width] : [scores.height, scores.width / side];
  const window = { kernel_shape: ints(tall, wide), strides: ints(tall, wide) };
  const blocks = featureMap(net, graph.add(`${path}.blocks`, 'MaxPool', [scores.name], window));
  const kernel = name === 'p' ? ([side, 1] as const) : ([1, side] as const);
  const spec = { outChs: side * side * groups, kernel, pads: 0, hasBias: true };
  const matrix = graph.reshape(`${path}.matrix`, conv2d(net, blocks, path, spec).name, [
    0,
    groups,
    1,
    side,
    side,
  ]);
  const positive = graph.add(`${path}.sigmoid`, 'Sigmoid', [matrix]);
  const axis = graph.shape(name === 'p' ? 4 : 3);
  const total = graph.add(`${path}.total`, 'ReduceSum', [positive, axis], { keepdims: int(1) });
  return graph.add(`${path}.shares`, 'Div', [positive, total]);
}
