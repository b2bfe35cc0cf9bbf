import type { Kwargs } from '../../config/byo-cfg.js';
import { boolean, object, optional } from '../../fields.js';
import { int } from '../../graph-builder.js';
import { scaleOutputs } from '../conv-norm-act.js';
import { addLinear } from '../linear.js';
import {
  type ChannelAffine,
  type FeatureMap,
  featureMap,
  MapSizeError,
  type Net,
  type SelfAttn,
} from '../net.js';
import { averagePool2 } from '../pool.js';
import { assertHalvable, type HeadKwargs, type Heads, headKwargs, headsOf } from './heads.js';

/** Keyword arguments of timm's `BottleneckAttn`, with its defaults (timm/layers/bottleneck_attn.py). */
interface BottleneckKwargs extends HeadKwargs {
  readonly scale_pos_embed: boolean;
}

const readKwargs = object<BottleneckKwargs>({ ...headKwargs(4), scale_pos_embed: optional(boolean, false) });

/** One layer on one feature map. */
interface Layer extends Heads {
  readonly net: Net;
  readonly prefix: string;
  readonly x: FeatureMap;
  readonly kwargs: BottleneckKwargs;
}

/**
 * Self-attention over the whole map with relative positions ("Bottleneck Transformers for Visual Recognition",
 * https://arxiv.org/abs/2101.11605), equal to timm's `BottleneckAttn`. A stride of 2 is average pooling afterwards.
 */
export function bottleneck(kwargs: Kwargs, where: string): SelfAttn {
  const options = readKwargs(kwargs, where);
  return {
    build: (net, x, prefix, stride, after) => {
      assertHalvable(prefix, stride);
      const map = attend({ net, prefix, x, kwargs: options, ...headsOf(x, prefix, options) }, after);
      return stride === 2 ? averagePool2(net, map, `${prefix}.pool`) : map;
    },
  };
}

function attend(layer: Layer, after: ChannelAffine | undefined): FeatureMap {
  const { net, prefix, x, heads, dimV } = layer;
  const { graph } = net;
  const flat = graph.reshape(`${prefix}.flat`, x.name, [0, x.channels, -1]);
  const pixels = graph.transpose(`${prefix}.pixels`, flat, [0, 2, 1]); // [batch, H * W, C]
  const [q, k, v] = projections(layer, pixels, after);
  const content = graph.addMicrosoft(`${prefix}.content`, 'FusedMatMul', [q, k], { transB: int(1) });
  const logits = withPositions(layer, content, q);
  const attn = graph.add(`${prefix}.attn`, 'Softmax', [logits], { axis: int(-1) });
  const out = graph.add(`${prefix}.out`, 'MatMul', [attn, v]); // [batch, heads, H * W, dimV]
  const planes = graph.transpose(`${prefix}.out.planes`, out, [0, 1, 3, 2]); // [batch, heads, dimV, H * W]
  const map = graph.reshape(`${prefix}.map`, planes, [0, heads * dimV, x.height, x.width]);
  if (after === undefined) return featureMap(net, map);
  const shift = graph.floats(`${prefix}.shift`, [x.channels, 1, 1], () => Float32Array.from(after().shift));
  return featureMap(net, graph.add(`${prefix}.out.shift`, 'Add', [map, shift]));
}

/** Adds queries, keys and values by head, each [batch, heads, H * W, dim]. */
function projections(layer: Layer, pixels: string, after: ChannelAffine | undefined) {
  const { net, prefix, x, kwargs, heads, dimQk, dimV } = layer;
  const { graph, weights } = net;
  const [qk, total] = [heads * dimQk, heads * (2 * dimQk + dimV)];
  const weight = weights.take(`${prefix}.qkv.weight`, [total, x.channels, 1, 1]);
  const bias = kwargs.qkv_bias ? weights.take(`${prefix}.qkv.bias`, [total]) : undefined;
  const part = (name: string, first: number, dim: number, scale: () => Float64Array) => {
    const [begin, end] = [first, first + heads * dim];
    const y = addLinear(net, pixels, `${prefix}.${name}.project`, heads * dim, {
      weight: () => scaleOutputs(weight.read().subarray(begin * x.channels, end * x.channels), scale()),
      bias: bias && (() => scaleOutputs(bias.read().subarray(begin, end), scale())),
    });
    const rows = graph.reshape(`${prefix}.${name}.heads`, y, [0, -1, heads, dim]);
    return graph.transpose(`${prefix}.${name}`, rows, [0, 2, 1, 3]);
  };
  // The scale of the content logits is folded into the keys, the norm after the layer into the values.
  const constant = (value: number, count: number) => () => new Float64Array(count).fill(value);
  return [
    part('q', 0, dimQk, constant(1, qk)),
    part('k', qk, dimQk, constant(dimQk ** -0.5, qk)),
    part('v', 2 * qk, dimV, () => after?.().scale ?? constant(1, heads * dimV)()),
  ] as const;
}

/** Adds the relative position logits, one term per axis: [batch, heads, H * W, H * W]. */
function withPositions(layer: Layer, content: string, q: string): string {
  const { net, prefix, x, heads } = layer;
  const { graph } = net;
  const { height: h, width: w } = x;
  const grid = graph.reshape(`${prefix}.content.grid`, content, [-1, h, w, h, w]); // [batch * heads, qy, qx, ky, kx]
  const queries = graph.reshape(`${prefix}.q.grid`, q, [-1, h, w, layer.dimQk]);
  const vertical = axisLogits(layer, 'height', queries, h); // [batch * heads, qy, qx, ky]
  const horizontal = axisLogits(layer, 'width', queries, w);
  const rows = graph.add(`${prefix}.rows`, 'Add', [
    grid,
    graph.reshape(`${prefix}.position.height`, vertical, [-1, h, w, h, 1]),
  ]);
  const sum = graph.add(`${prefix}.logits`, 'Add', [
    rows,
    graph.reshape(`${prefix}.position.width`, horizontal, [-1, h, w, 1, w]),
  ]);
  return graph.reshape(`${prefix}.logits.flat`, sum, [-1, heads, h * w, h * w]);
}

/** Adds q · rel[key − query] along one axis: [batch * heads, qy, qx, keys on the axis]. */
function axisLogits(layer: Layer, axis: 'height' | 'width', queries: string, size: number): string {
  const { net, prefix, dimQk, kwargs } = layer;
  const { graph } = net;
  const name = `${prefix}.pos_embed.${axis}_rel`;
  const trained = net.weights.shapeOf(name)?.[0];
  if (trained !== undefined && trained !== 2 * size - 1) {
    throw new MapSizeError(
      `${prefix}: its position embedding is for a map ${axis} of ${(trained + 1) / 2}, not of ${size}`,
    );
  }
  const rel = net.weights.take(name, [2 * size - 1, dimQk]);
  const scale = kwargs.scale_pos_embed ? dimQk ** -0.5 : 1;
  const table = graph.floats(`${prefix}.position.${axis}.table`, [size, dimQk, size], () =>
    axisTable(rel.read(), size, dimQk, scale),
  );
  // The query's place on the axis comes first, as the batch dimension of a single product.
  const perm = axis === 'height' ? [1, 0, 2, 3] : [2, 0, 1, 3];
  const back = axis === 'height' ? [1, 0, 2, 3] : [1, 2, 0, 3];
  const places = graph.transpose(`${prefix}.q.by_${axis}`, queries, perm);
  const other = graph.shapeOf(places)[2] ?? 0; // places on the other axis
  const flat = graph.reshape(`${prefix}.q.by_${axis}.flat`, places, [size, -1, dimQk]);
  const product = graph.add(`${prefix}.position.${axis}.product`, 'MatMul', [flat, table]); // [size, …, keys]
  const unflat = graph.reshape(`${prefix}.position.${axis}.places`, product, [size, -1, other, size]);
  return graph.transpose(`${prefix}.position.${axis}.logits`, unflat, back);
}

/** Returns rel[key − query + size − 1] for each query and key of an axis: [queries, dim, keys]. */
function axisTable(rel: Float32Array, size: number, dim: number, scale: number): Float32Array {
  const table = new Float32Array(size * dim * size);
  let at = 0;
  for (let q = 0; q < size; q++) {
    for (let d = 0; d < dim; d++) {
      for (let k = 0; k < size; k++) table[at++] = scale * (rel[(k - q + size - 1) * dim + d] as number);
    }
  }
  return table;
}
