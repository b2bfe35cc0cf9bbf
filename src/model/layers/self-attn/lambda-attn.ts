import type { Kwargs } from '../../config/byo-cfg.js';
import { integer, object, oddKernel, type Reader } from '../../fields.js';
import { int } from '../../graph-builder.js';
import { scaleOutputs } from '../conv-norm-act.js';
import { addConv } from '../conv2d.js';
import { addLinear } from '../linear.js';
import {
  type ChannelAffine,
  channelAffine,
  type FeatureMap,
  featureMap,
  MapSizeError,
  type Net,
  type SelfAttn,
} from '../net.js';
import { batchNormAffine } from '../norms/batch-norm.js';
import { averagePool2 } from '../pool.js';
import { assertHalvable, type HeadKwargs, headKwargs, headsOf } from './heads.js';

/** Keyword arguments of timm's `LambdaLayer`, with its defaults (timm/layers/lambda_layer.py). */
interface LambdaKwargs extends HeadKwargs {
  readonly r: number | null; // side of the local position convolution; null: positions relative over the whole map
}

/** timm distinguishes a missing value, which means its default, from null. */
const orNull =
  <T>(reader: Reader<T>, missing: T): Reader<T | null> =>
  (value, where) =>
    value === undefined ? missing : value === null ? null : reader(value, where);

const readKwargs = object<LambdaKwargs>({
  ...headKwargs(4),
  dim_head: (value, where) => orNull(integer(0, 4096), 16)(value, where) ?? 0,
  r: orNull(oddKernel, 9),
});

/** One layer on one feature map. */
interface Layer {
  readonly net: Net;
  readonly prefix: string;
  readonly x: FeatureMap;
  readonly kwargs: LambdaKwargs;
  readonly heads: number;
  readonly k: number; // channels of a query or key, per head
  readonly v: number; // channels of a value, shared by the heads
  readonly places: number; // H * W
}

/**
 * The lambda layer ("LambdaNetworks: Modeling Long-Range Interactions Without Attention",
 * https://arxiv.org/abs/2102.08602), equal to timm's `LambdaLayer`: it computes a linear function (the lambda) of
 * content and one of position from the map, and applies them to the query of each pixel. A stride of 2 is average
 * pooling afterwards.
 */
export function lambda(kwargs: Kwargs, where: string): SelfAttn {
  const options = readKwargs(kwargs, where);
  return {
    build: (net, x, prefix, stride, after) => {
      assertHalvable(prefix, stride);
      const { heads, dimQk: k, dimV: v } = headsOf(x, prefix, options);
      const layer = { net, prefix, x, kwargs: options, heads, k, v, places: x.height * x.width };
      const map = buildLambda(layer, after);
      return stride === 2 ? averagePool2(net, map, `${prefix}.pool`) : map;
    },
  };
}

function buildLambda(layer: Layer, after: ChannelAffine | undefined): FeatureMap {
  const { net, prefix, x, heads, k, v, places } = layer;
  const { graph } = net;
  const flat = graph.reshape(`${prefix}.flat`, x.name, [0, x.channels, -1]);
  const pixels = graph.transpose(`${prefix}.pixels`, flat, [0, 2, 1]); // [batch, H * W, C]
  const { queries, keys, values } = projections(layer, pixels);
  const weights = graph.add(`${prefix}.k`, 'Softmax', [keys], { axis: int(1) }); // over the pixels
  const content = graph.addMicrosoft(`${prefix}.content`, 'FusedMatMul', [weights, values], {
    transA: int(1),
  }); // [batch, k, v]
  const rows = graph.reshape(`${prefix}.q.rows`, queries, [0, -1, k]); // [batch, H * W * heads, k]
  const contentOut = graph.add(`${prefix}.content.out`, 'MatMul', [rows, content]); // [batch, H * W * heads, v]
  const byPixel = graph.reshape(`${prefix}.q.by_pixel`, queries, [0, places, heads, k]);
  const position = positionLambda(layer, values); // [batch, H * W, k, v]
  const positionOut = graph.add(`${prefix}.position.out`, 'MatMul', [byPixel, position]); // [batch, H * W, heads, v]
  const out = graph.add(`${prefix}.out`, 'Add', [
    graph.reshape(`${prefix}.content.pixels`, contentOut, [0, places, heads * v]),
    graph.reshape(`${prefix}.position.pixels`, positionOut, [0, places, heads * v]),
  ]);
  const planes = graph.transpose(`${prefix}.out.planes`, out, [0, 2, 1]); // [batch, heads * v, H * W]
  const map = graph.reshape(`${prefix}.map`, planes, [0, heads * v, x.height, x.width]);
  // The heads share their values, so the norm that follows cannot be folded into the values.
  return featureMap(net, after === undefined ? map : channelAffine(net, map, `${prefix}.norm`, after));
}

/** Adds queries [batch, H * W, heads * k], keys [batch, H * W, k] and values [batch, H * W, v], with their norms folded in. */
function projections(layer: Layer, pixels: string) {
  const { net, prefix, x, kwargs, heads, k, v } = layer;
  const total = heads * k + k + v;
  const weight = net.weights.take(`${prefix}.qkv.weight`, [total, x.channels, 1, 1]);
  const bias = kwargs.qkv_bias ? net.weights.take(`${prefix}.qkv.bias`, [total]) : undefined;
  const part = (name: string, first: number, count: number, affine: ChannelAffine) =>
    addLinear(net, pixels, `${prefix}.${name}.project`, count, {
      weight: () =>
        scaleOutputs(
          weight.read().subarray(first * x.channels, (first + count) * x.channels),
          affine().scale,
        ),
      bias: () => {
        const { scale, shift } = affine();
        const own = bias?.read().subarray(first, first + count);
        return Float32Array.from(shift, (s, c) => s + (scale[c] as number) * (own?.[c] ?? 0));
      },
    });
  const asIs = () => ({ scale: new Float64Array(k).fill(1), shift: new Float64Array(k) });
  return {
    queries: part('q', 0, heads * k, batchNormAffine(net, `${prefix}.norm_q`, heads * k)),
    keys: part('k', heads * k, k, asIs),
    values: part('v', heads * k + k, v, batchNormAffine(net, `${prefix}.norm_v`, v)),
  };
}

/** Adds the position lambda, computed from the values around each pixel: [batch, H * W, k, v]. */
function positionLambda(layer: Layer, values: string): string {
  const { kwargs } = layer;
  return kwargs.r === null ? relativeLambda(layer, values) : localLambda(layer, values, kwargs.r);
}

/** Convolves each value channel's map with r x r weights for each key channel. */
function localLambda({ net, prefix, x, k, v, places }: Layer, values: string, r: number): string {
  const { graph, weights } = net;
  const weight = weights.take(`${prefix}.conv_lambda.weight`, [k, 1, r, r, 1]);
  const bias = weights.take(`${prefix}.conv_lambda.bias`, [k]);
  const planes = graph.transpose(`${prefix}.v.planes`, values, [0, 2, 1]); // [batch, v, H * W]
  const maps = featureMap(net, graph.reshape(`${prefix}.v.maps`, planes, [-1, 1, x.height, x.width])); // [batch * v, 1, H, W]
  const spec = { outChs: k, kernel: r, pads: Math.floor(r / 2) };
  const conv = addConv(net, maps, `${prefix}.conv_lambda`, spec, { weight: weight.read, bias: bias.read });
  const split = graph.reshape(`${prefix}.position.channels`, conv.name, [-1, v, k, places]);
  return graph.transpose(`${prefix}.position`, split, [0, 3, 2, 1]);
}

/** Multiplies a table of every pair of pixels by the values, in a single matrix product. */
function relativeLambda({ net, prefix, x, k, v, places }: Layer, values: string): string {
  const { graph, weights } = net;
  const { height, width } = x;
  const shape = [2 * height - 1, 2 * width - 1, k];
  const trained = weights.shapeOf(`${prefix}.pos_emb`);
  if (trained !== undefined && (trained[0] !== shape[0] || trained[1] !== shape[1])) {
    const [h, w] = trained.map((size) => (size + 1) / 2);
    throw new MapSizeError(
      `${prefix}: its position embedding is for maps of ${h}×${w}, not of ${height}×${width}`,
    );
  }
  const embedding = weights.take(`${prefix}.pos_emb`, shape);
  const table = graph.floats(`${prefix}.position.table`, [places * k, places], () =>
    relativeTable(embedding.read(), height, width, k),
  );
  const product = graph.add(`${prefix}.position.product`, 'MatMul', [table, values]); // [batch, H * W * k, v]
  return graph.reshape(`${prefix}.position`, product, [0, places, k, v]);
}

/** Returns the embedding of key − query for each query, key channel and key: [queries, k, keys]. */
function relativeTable(embedding: Float32Array, height: number, width: number, k: number): Float32Array {
  const places = height * width;
  const table = new Float32Array(places * k * places);
  let at = 0;
  for (let query = 0; query < places; query++) {
    const [qy, qx] = [Math.floor(query / width), query % width];
    for (let channel = 0; channel < k; channel++) {
      for (let y = 0; y < height; y++) {
        const row = (y - qy + height - 1) * (2 * width - 1) - qx + width - 1;
        for (let x = 0; x < width; x++) table[at++] = embedding[(row + x) * k + channel] as number;
      }
    }
  }
  return table;
}
