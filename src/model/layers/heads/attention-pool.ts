import { ModelError } from '../../../errors.js';
import { int } from '../../graph-builder.js';
import type { Parameter } from '../../weights.js';
import { addLinear, linear } from '../linear.js';
import type { FeatureMap, Net } from '../net.js';

import type { Head, HeadSpec } from './head.js';
import { type MapSize, resamplePositions } from './position-embedding.js';

// Attention pooling (timm/layers/attention_pool2d.py): a token, the mean of the pixels, attends to them all and to
// itself. Only that token's result is used, so only its query is computed.

const HEAD_DIM = 64; // timm's default, which these networks use
const TEMPERATURE = 10_000; // of the rotary frequencies

/** Uses learned absolute positions, as in CLIP, resampled for other sizes (timm's `AttentionPool2d`). */
export const attnAbs: Head = (net, x, spec) => {
  const { graph, weights } = net;
  const trained = learnedSize(net, spec);
  const learned = weights.take('head.pos_embed', [trained.height * trained.width + 1, x.channels]);
  const isTrained = x.height === trained.height && x.width === trained.width;
  const read = isTrained ? learned.read : () => resamplePositions(learned.read(), trained, x);
  const positions = graph.floats('head.pos_embed', [x.height * x.width + 1, x.channels], read);
  const placed = graph.add('head.tokens.placed', 'Add', [tokens(net, x), positions]);
  return pooled(net, placed, spec, (rows, prefix, dim) => linear(net, rows, prefix, dim));
};

/** Returns the map size of the positions: a square if their number is square, as timm assumes. */
function learnedSize({ weights }: Net, { trainedSize }: HeadSpec): MapSize {
  const side = Math.sqrt((weights.shapeOf('head.pos_embed')?.[0] ?? 0) - 1);
  return Number.isInteger(side) ? { height: side, width: side } : trainedSize;
}

/** Uses rotary positions (timm's `RotAttentionPool2d`). */
export const attnRot: Head = (net, x, spec) => {
  const { graph, weights } = net;
  const keys = (rows: string, prefix: string, dim: number) => {
    const weight = weights.take(`${prefix}.weight`, [dim, x.channels]);
    const bias = weights.take(`${prefix}.bias`, [dim]);
    const plain = addLinear(net, rows, `${prefix}.plain`, dim, { weight: weight.read, bias: bias.read });
    // A quarter turn of each pair of channels (a, b) is (−b, a): a linear layer with its rows swapped.
    const turned = addLinear(net, rows, `${prefix}.turned`, dim, {
      weight: () => quarterTurned(weight, x.channels),
      bias: () => quarterTurned(bias, 1),
    });
    const shape = [x.height * x.width + 1, dim];
    const table = (name: string, f: (angle: number) => number) =>
      graph.floats(`${prefix}.${name}`, shape, () => rotaryTable(x, spec.trainedSize, dim, f));
    return graph.add(prefix, 'Add', [
      graph.add(`${prefix}.plain.cos`, 'Mul', [plain, table('cos', Math.cos)]),
      graph.add(`${prefix}.turned.sin`, 'Mul', [turned, table('sin', Math.sin)]),
    ]);
  };
  return pooled(net, tokens(net, x), spec, keys);
};

/** Adds the mean and the pixels: [batch, 1 + H * W, C]. */
function tokens({ graph }: Net, x: FeatureMap): string {
  const flat = graph.reshape('head.flat', x.name, [0, x.channels, -1]);
  const pixels = graph.transpose('head.pixels', flat, [0, 2, 1]);
  const mean = graph.add('head.mean', 'GlobalAveragePool', [x.name]);
  const token = graph.reshape('head.token', mean, [0, 1, x.channels]);
  return graph.add('head.tokens', 'Concat', [token, pixels], { axis: int(1) });
}

type Keys = (rows: string, prefix: string, dim: number) => string;

/** Makes the first token attend to all tokens. */
function pooled(net: Net, rows: string, spec: HeadSpec, keys: Keys) {
  const { graph } = net;
  const [, count = 0, features = 0] = graph.shapeOf(rows);
  const dim = spec.hiddenSize || features;
  if (spec.globalPool !== undefined && spec.globalPool !== 'token') {
    throw new ModelError(
      `${spec.where}: global_pool: an attention head gives its token, received ${JSON.stringify(spec.globalPool)}`,
    );
  }
  if (dim % HEAD_DIM !== 0) {
    throw new ModelError(`head: ${dim} features cannot be split into heads of ${HEAD_DIM}`);
  }
  const heads = dim / HEAD_DIM;
  const byHead = (name: string, value: string, length: number, perm: readonly number[]) => {
    const split = graph.reshape(`head.${name}.split`, value, [0, length, heads, HEAD_DIM]);
    return graph.transpose(`head.${name}.heads`, split, perm);
  };
  const first = graph.slice('head.first', rows, 1, 0, 1);
  const q = byHead('q', linear(net, first, 'head.q', dim), 1, [0, 2, 1, 3]); // [batch, heads, 1, 64]
  const k = byHead('k', keys(rows, 'head.k', dim), count, [0, 2, 3, 1]); // [batch, heads, 64, count]
  const v = byHead('v', linear(net, rows, 'head.v', dim), count, [0, 2, 1, 3]);
  const scaled = graph.add('head.q.scaled', 'Mul', [q, graph.scalar('head.scale', HEAD_DIM ** -0.5)]);
  const logits = graph.add('head.attn.logits', 'MatMul', [scaled, k]);
  const attn = graph.add('head.attn', 'Softmax', [logits], { axis: int(-1) });
  const out = graph.add('head.attn.out', 'MatMul', [attn, v]); // [batch, heads, 1, 64]
  const embedding = graph.reshape('head.embedding', out, [0, dim]);
  const classes = spec.numClasses;
  const projected = classes === 0 ? undefined : linear(net, embedding, 'head.proj', classes);
  const repooled = (pool: string): never => {
    throw new ModelError(`${spec.where}: --pool ${pool}: the head pools by attention, and has no other way`, {
      hint: 'Leave out --pool, or pass --pool none for the map before the head.',
    });
  };
  return { embedding, features: dim, logits: projected, classes, repooled };
}

/** Swaps the rows (a, b) of each pair to (−b, a). @param parameter [rows, length] */
function quarterTurned(parameter: Parameter, length: number): Float32Array {
  const values = parameter.read();
  return Float32Array.from(values, (_, i) => {
    const row = Math.floor(i / length);
    const partner = row % 2 === 0 ? row + 1 : row - 1;
    const value = values[partner * length + (i % length)] as number;
    return row % 2 === 0 ? -value : value;
  });
}

/** Computes f(angle) for each token and channel: the first token has no angle, a pixel those of its row, then of its column. */
function rotaryTable(
  { height, width }: FeatureMap,
  trained: HeadSpec['trainedSize'],
  dim: number,
  f: (angle: number) => number,
): Float32Array {
  const bands = HEAD_DIM / 4;
  return Float32Array.from({ length: (height * width + 1) * dim }, (_, i) => {
    const token = Math.floor(i / dim);
    if (token === 0) return f(0);
    const pair = Math.floor((i % HEAD_DIM) / 2); // two channels share an angle
    const [y, x] = [Math.floor((token - 1) / width), (token - 1) % width];
    const place = pair < bands ? (y / height) * trained.height : (x / width) * trained.width;
    return f(place / TEMPERATURE ** ((pair % bands) / bands));
  });
}
