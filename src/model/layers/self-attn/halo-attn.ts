import type { Kwargs } from '../../config/byo-cfg.js';
import { boolean, integer, object, optional } from '../../fields.js';
import { int } from '../../graph-builder.js';
import type { Parameter } from '../../weights.js';
import { addLinear, type LinearWeights } from '../linear.js';
import {
  type ChannelAffine,
  type FeatureMap,
  featureMap,
  MapSizeError,
  type Net,
  type SelfAttn,
} from '../net.js';
import { averagePool2 } from '../pool.js';
import {
  blockCount,
  type HaloGrid,
  outputRows,
  positionTable,
  queryRows,
  querySide,
  windowRows,
  windowSide,
} from './halo-grid.js';
import { assertHalvable, type HeadKwargs, headKwargs, headsOf } from './heads.js';

/** Keyword arguments of timm's `HaloAttn`, with its defaults (timm/layers/halo_attn.py). */
interface HaloKwargs extends HeadKwargs {
  readonly block_size: number; // side of a block of queries
  readonly halo_size: number; // how far keys extend beyond the block
  readonly avg_down: boolean; // stride by average pooling instead of strided queries
  readonly scale_pos_embed: boolean;
}

const readKwargs = object<HaloKwargs>({
  ...headKwargs(8),
  block_size: optional(integer(1, 256), 8),
  halo_size: optional(integer(0, 64), 3),
  avg_down: optional(boolean, false),
  scale_pos_embed: optional(boolean, false),
});

/** One layer on one feature map. */
interface Layer {
  readonly net: Net;
  readonly prefix: string;
  readonly x: FeatureMap;
  readonly kwargs: HaloKwargs;
  readonly grid: HaloGrid;
  readonly dimQk: number; // channels of a query or key, per head
  readonly dimV: number; // channels of a value, per head
  readonly pool: boolean; // halve the output by average pooling
}

/**
 * Halo self-attention ("Scaling Local Self-Attention for Parameter Efficient Visual Backbones",
 * https://arxiv.org/abs/2103.12731), equal to timm's `HaloAttn`: each block of queries attends to the window of
 * keys around it. Keys beyond the map are zero but not masked: they take part in the softmax with only their
 * position logit.
 *
 * The graph is channels-last: it moves queries, windows and results as whole rows of a head's channels.
 */
export function halo(kwargs: Kwargs, where: string): SelfAttn {
  const options = readKwargs(kwargs, where);
  return {
    build: (net, x, prefix, stride, after) => buildHalo(layerOn(net, x, prefix, stride, options), after),
  };
}

function layerOn(net: Net, x: FeatureMap, prefix: string, stride: number, kwargs: HaloKwargs): Layer {
  const { block_size: block, halo_size: reach } = kwargs;
  if (x.height % block !== 0 || x.width % block !== 0) {
    const blocks = `halo blocks of ${block}×${block}`;
    throw new MapSizeError(`${prefix}: ${blocks} cannot tile a map of ${x.height}×${x.width}`);
  }
  assertHalvable(prefix, stride);
  const { heads, dimQk, dimV } = headsOf(x, prefix, kwargs);
  const pool = stride > 1 && (kwargs.avg_down || block % stride !== 0);
  const grid = { heads, height: x.height, width: x.width, block, halo: reach, stride: pool ? 1 : stride };
  return { net, prefix, x, kwargs, pool, grid, dimQk, dimV };
}

function buildHalo(layer: Layer, after: ChannelAffine | undefined): FeatureMap {
  const { prefix, x } = layer;
  const { graph } = layer.net;
  const flat = graph.reshape(`${prefix}.flat`, x.name, [0, x.channels, -1]);
  const pixels = graph.transpose(`${prefix}.pixels`, flat, [0, 2, 1]); // [batch, H * W, C]
  const q = queries(layer, pixels);
  const [k, v] = keysAndValues(layer, pixels, after);
  const content = graph.addMicrosoft(`${prefix}.content`, 'FusedMatMul', [q, k], { transB: int(1) });
  const logits = graph.add(`${prefix}.logits`, 'Add', [content, positionLogits(layer, q)]);
  const attn = graph.add(`${prefix}.attn`, 'Softmax', [logits], { axis: int(-1) });
  // [batch * blocks * heads, queries, keys]
  return toMap(layer, graph.add(`${prefix}.out`, 'MatMul', [attn, v]), after);
}

/** Adds the queries: [batch * blocks * heads, queries, dimQk]. */
function queries(layer: Layer, pixels: string): string {
  const { net, prefix, x, grid, dimQk } = layer;
  const out = grid.heads * dimQk;
  const weight = net.weights.take(`${prefix}.q.weight`, [out, x.channels, 1, 1]);
  const bias = layer.kwargs.qkv_bias ? net.weights.take(`${prefix}.q.bias`, [out]) : undefined;
  const rows = project(layer, 'q', pixels, dimQk, { weight: weight.read, bias: bias?.read });
  const count = querySide(grid) ** 2;
  const length = blockCount(grid) * grid.heads * count;
  const index = net.graph.int64(`${prefix}.q.index`, length, () => queryRows(grid));
  return gather(layer, 'q', rows, index, count, dimQk);
}

/** Adds keys [batch * blocks * heads, keys, dimQk] and values [batch * blocks * heads, keys, dimV]. */
function keysAndValues(
  layer: Layer,
  pixels: string,
  after: ChannelAffine | undefined,
): readonly [string, string] {
  const { net, prefix, x, grid, dimQk, dimV } = layer;
  const { heads } = grid;
  const out = heads * (dimQk + dimV);
  const weight = net.weights.take(`${prefix}.kv.weight`, [out, x.channels, 1, 1]);
  const bias = layer.kwargs.qkv_bias ? net.weights.take(`${prefix}.kv.bias`, [out]) : undefined;
  const count = windowSide(grid) ** 2;
  const length = blockCount(grid) * heads * count;
  const window = net.graph.int64(`${prefix}.kv.index`, length, () => windowRows(grid));
  // The scale of the content logits is folded into the keys, the norm after the layer into the values.
  const part = (name: string, offset: number, dim: number, scales: () => ArrayLike<number>) => {
    const select =
      ({ read }: Parameter) =>
      () =>
        ofEachHead(read(), heads, dimQk + dimV, offset, scales());
    const rows = project(layer, name, pixels, dim, { weight: select(weight), bias: bias && select(bias) });
    return gather(layer, name, withZeroRow(layer, name, rows), window, count, dim);
  };
  const keyScale = dimQk ** -0.5;
  return [
    part('k', 0, dimQk, () => new Float64Array(heads * dimQk).fill(keyScale)),
    part('v', dimQk, dimV, () => after?.().scale ?? new Float64Array(heads * dimV).fill(1)),
  ];
}

/**
 * Returns the channels `offset` to `offset + dim` of each head, scaled: timm interleaves keys and values head by
 * head.
 *
 * @param values [heads, perHead, …]
 * @param scales [heads * dim]
 * @returns [heads, dim, …]
 */
function ofEachHead(
  values: Float32Array,
  heads: number,
  perHead: number,
  offset: number,
  scales: ArrayLike<number>,
): Float32Array {
  const length = values.length / (heads * perHead);
  const dim = scales.length / heads;
  const result = new Float32Array(scales.length * length);
  for (let channel = 0; channel < scales.length; channel++) {
    const source = (Math.floor(channel / dim) * perHead + offset + (channel % dim)) * length;
    const factor = scales[channel] as number;
    for (let i = 0; i < length; i++) result[channel * length + i] = factor * (values[source + i] as number);
  }
  return result;
}

/** Adds a 1x1 convolution of channels-last pixels, as rows of one head each: [batch, H * W * heads, dim]. */
function project(layer: Layer, name: string, pixels: string, dim: number, weights: LinearWeights): string {
  const prefix = `${layer.prefix}.${name}`;
  const y = addLinear(layer.net, pixels, `${prefix}.project`, layer.grid.heads * dim, weights); // [batch, H * W, heads * dim]
  return layer.net.graph.reshape(`${prefix}.rows`, y, [0, -1, dim]);
}

function withZeroRow(layer: Layer, name: string, rows: string): string {
  const { graph } = layer.net;
  return graph.add(`${layer.prefix}.${name}.padded`, 'Pad', [rows, graph.shape(0, 0, 0, 0, 1, 0)]);
}

/** Gathers rows and groups them by block and head: [batch * blocks * heads, count, dim]. */
function gather(layer: Layer, name: string, rows: string, index: string, count: number, dim: number): string {
  const { graph } = layer.net;
  const prefix = `${layer.prefix}.${name}`;
  const picked = graph.add(`${prefix}.gather`, 'Gather', [rows, index], {
    axis: int(1),
  });
  return graph.reshape(prefix, picked, [-1, count, dim]);
}

/** Adds the relative position logits: [batch * blocks * heads, queries, keys]. */
function positionLogits(layer: Layer, q: string): string {
  const { net, prefix, grid, dimQk } = layer;
  const { graph } = net;
  const window = windowSide(grid);
  const shape = [2 * window - 1, dimQk];
  const widthRel = net.weights.take(`${prefix}.pos_embed.width_rel`, shape);
  const heightRel = net.weights.take(`${prefix}.pos_embed.height_rel`, shape);
  const scale = layer.kwargs.scale_pos_embed ? dimQk ** -0.5 : 1;
  const table = () => positionTable(grid, dimQk, widthRel.read(), heightRel.read(), scale);
  const tableShape = [querySide(grid) ** 2, dimQk, window ** 2];
  const byQuery = graph.transpose(`${prefix}.by_query`, q, [1, 0, 2]); // [queries, batch * blocks * heads, dimQk]
  const logits = graph.add(`${prefix}.by_query.position`, 'MatMul', [
    byQuery,
    graph.floats(`${prefix}.position_table`, tableShape, table),
  ]); // [queries, batch * blocks * heads, keys]
  return graph.transpose(`${prefix}.position`, logits, [1, 0, 2]);
}

/** Moves the blocks back to their places, and adds the shift of the norm that follows: [batch, C, H', W']. */
function toMap(layer: Layer, out: string, after: ChannelAffine | undefined): FeatureMap {
  const { prefix, x, grid, dimV } = layer;
  const { graph } = layer.net;
  const [height, width] = [grid.height / grid.stride, grid.width / grid.stride];
  const count = height * width * grid.heads;
  const rows = graph.reshape(`${prefix}.out.rows`, out, [-1, count, dimV]);
  const index = graph.int64(`${prefix}.out.index`, count, () => outputRows(grid));
  const ordered = graph.add(`${prefix}.out.gather`, 'Gather', [rows, index], { axis: int(1) });
  let pixels = graph.reshape(`${prefix}.out.pixels`, ordered, [-1, height * width, x.channels]);
  if (after !== undefined) {
    const shift = graph.floats(`${prefix}.shift`, [x.channels], () => Float32Array.from(after().shift));
    pixels = graph.add(`${prefix}.out.shift`, 'Add', [pixels, shift]);
  }
  const planes = graph.transpose(`${prefix}.out.planes`, pixels, [0, 2, 1]); // [batch, C, H' * W']
  const map = featureMap(layer.net, graph.reshape(`${prefix}.map`, planes, [0, x.channels, height, width]));
  return layer.pool ? averagePool2(layer.net, map, `${prefix}.pool`) : map;
}
