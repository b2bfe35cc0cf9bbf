import type { Graph } from '../graph.js';
import { between, mulberry32 } from '../random.js';
import { elementCount } from '../tensor.js';
import { macsOf } from './cost.js';
import { float, GraphBuilder, int, ints } from './graph-builder.js';
import { addInput } from './input.js';

/** A small network for trying a device. */
export interface ProbeNetwork {
  readonly graph: Graph; // its one output is `probe`, float32 [batch, 128]
  readonly height: number; // of its images, pixels
  readonly width: number;
  readonly macs: number; // multiply-accumulates for one image
}

const SIDE = 64; // pixels of an image
const CHANNELS = 128;
const BLOCK = 8; // pixels, in the map that attention works on

/**
 * Builds the network for trying devices. It uses the same operators as our networks, with the workload of a
 * convolutional network and values of a magnitude that every device should compute correctly. Its weights are
 * always the same.
 */
export function probeNetwork(): ProbeNetwork {
  const graph = new GraphBuilder();
  const size = { height: SIDE, width: SIDE };
  const { input, x } = addInput({ graph }, { ...size, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const stem = swish(graph, 'stem.act', conv(graph, 'stem', x.name, 64, 3, 2));
  const wide = swish(graph, 'wide.act', conv(graph, 'wide', stem, CHANNELS, 3, 1));
  const pooled = graph.add('pool', 'MaxPool', [wide], {
    kernel_shape: ints(3, 3),
    strides: ints(2, 2),
    pads: ints(1, 1, 1, 1),
  });
  const deep = conv(graph, 'deep', pooled, CHANNELS, 3, 1);
  const sum = swish(graph, 'sum.act', graph.add('sum', 'Add', [pooled, deep]));
  const attended = graph.add('attended', 'Add', [sum, attention(graph, sum)]);
  const mean = graph.add('mean', 'GlobalAveragePool', [attended]);
  const flat = graph.add('flat', 'Flatten', [mean], { axis: int(1) });
  const fc = graph.add('fc', 'MatMul', [flat, uniform(graph, 'fc.weight', [CHANNELS, CHANNELS], CHANNELS)]);
  const shape = ['batch', CHANNELS];
  const output = { name: graph.add('probe', 'Identity', [fc]), dtype: 'float32', shape } as const;
  const built = graph.build('probe', [input], [output]);
  const macs = built.nodes.reduce((total, node) => total + macsOf(node, (name) => graph.shapeOf(name)), 0);
  return { graph: built, ...size, macs };
}

/** Adds self-attention within blocks, over channels that are normalised first. */
function attention(graph: GraphBuilder, x: string): string {
  const [, channels = 0, height = 0, width = 0] = graph.shapeOf(x);
  const area = BLOCK * BLOCK;
  const tokens = graph.transpose('tokens', x, [0, 2, 3, 1]); // [batch, H, W, C]
  const rows = graph.reshape('rows', normalized(graph, tokens), [0, height * width, channels]);
  const order = blockOrder(height, width);
  const gathered = graph.add('gathered', 'Gather', [rows, graph.int64('order', order.length, () => order)], {
    axis: int(1),
  });
  const blocks = graph.reshape('blocks', gathered, [0, -1, area, channels]);
  const project = (name: string) =>
    graph.add(name, 'MatMul', [blocks, uniform(graph, `${name}.weight`, [channels, channels], channels)]);
  const scores = graph.addMicrosoft('scores', 'FusedMatMul', [project('q'), project('k')], {
    transB: int(1),
    alpha: float(channels ** -0.5),
  }); // [batch, blocks, area, area]
  const shares = graph.add('shares', 'Softmax', [scores], { axis: int(-1) });
  const values = graph.add('values', 'MatMul', [shares, project('v')]);
  const back = graph.reshape('back', values, [0, height * width, channels]);
  const inverse = order.map((_, i) => order.indexOf(i));
  const ordered = graph.add(
    'ordered',
    'Gather',
    [back, graph.int64('inverse', order.length, () => inverse)],
    {
      axis: int(1),
    },
  );
  const map = graph.reshape('map', ordered, [0, height, width, channels]);
  return graph.transpose('planes', map, [0, 3, 1, 2]);
}

/** Normalises to zero mean and unit variance over the last axis. */
function normalized(graph: GraphBuilder, x: string): string {
  const overLast = { axes: ints(-1), keepdims: int(1) };
  const centred = graph.add('norm.centred', 'Sub', [x, graph.add('norm.mean', 'ReduceMean', [x], overLast)]);
  const square = graph.add('norm.square', 'Mul', [centred, centred]);
  const variance = graph.add('norm.variance', 'ReduceMean', [square], overLast);
  const safe = graph.add('norm.safe', 'Add', [variance, graph.scalar('norm.epsilon', 1e-5)]);
  return graph.add('norm', 'Div', [centred, graph.add('norm.deviation', 'Sqrt', [safe])]);
}

/** Lists the pixels of a map, row by row within each block, block after block. */
function blockOrder(height: number, width: number): readonly number[] {
  const starts = (length: number) => Array.from({ length: length / BLOCK }, (_, i) => i * BLOCK);
  const offsets = Array.from({ length: BLOCK }, (_, i) => i);
  return starts(height).flatMap((top) =>
    starts(width).flatMap((left) =>
      offsets.flatMap((y) => offsets.map((dx) => (top + y) * width + left + dx)),
    ),
  );
}

const swish = (graph: GraphBuilder, name: string, x: string): string =>
  graph.addMicrosoft(name, 'QuickGelu', [x], { alpha: float(1) });

function conv(
  graph: GraphBuilder,
  name: string,
  x: string,
  outChs: number,
  kernel: number,
  stride: number,
): string {
  const inChs = graph.shapeOf(x)[1] ?? 1;
  const pad = (kernel - 1) / 2;
  const weight = uniform(graph, `${name}.weight`, [outChs, inChs, kernel, kernel], inChs * kernel * kernel);
  return graph.add(name, 'Conv', [x, weight, uniform(graph, `${name}.bias`, [outChs], outChs)], {
    kernel_shape: ints(kernel, kernel),
    strides: ints(stride, stride),
    pads: ints(pad, pad, pad, pad),
  });
}

/** Adds constants from a fixed sequence, scaled so that a sum over `fanIn` products keeps its variance. */
function uniform(graph: GraphBuilder, name: string, shape: readonly number[], fanIn: number): string {
  const bound = Math.sqrt(3 / fanIn);
  return graph.floats(name, shape, () => {
    const random = mulberry32(shape.length);
    return Float32Array.from({ length: elementCount(shape) }, () => between(random, -bound, bound));
  });
}
