import assert from 'node:assert/strict';
import { ModelError } from '../../../src/errors.js';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import type { Graph } from '../../../src/graph.js';
import { GraphBuilder, int, ints } from '../../../src/model/graph-builder.js';
import { toInt8 } from '../../../src/model/passes/int8.js';
import { extremesOf, observed } from '../../../src/model/passes/observe.js';
import { between, mulberry32 } from '../../../src/random.js';
import { operatorsMadeOf } from '../../support/operators-made-of.js';
import { relativeError } from '../../support/relative-error.js';
import { runOnnx } from '../../support/run-onnx.js';
import { measured } from './measured.js';

const SIDE = 12;
const CHANNELS = 16;
const COUNT = 3;
const PIXELS = (() => {
  const random = mulberry32(7);
  return Uint8Array.from({ length: COUNT * SIDE * SIDE * 3 }, () => 256 * random());
})();

interface ConvOptions {
  readonly group?: number;
  readonly outChs?: number;
  readonly kernel?: number;
  readonly weight?: (channel: number, value: number) => number;
  readonly bias?: (channel: number) => number;
}

/** Adds a convolution with random weights that keeps the size of the map. */
function conv(
  builder: GraphBuilder,
  name: string,
  x: string,
  {
    group = 1,
    outChs = CHANNELS,
    kernel = 3,
    weight = (_, value) => value,
    bias = () => 0.1,
  }: ConvOptions = {},
): string {
  const [, inChs = 0] = builder.shapeOf(x);
  const shape = [outChs, inChs / group, kernel, kernel];
  const perChannel = (inChs / group) * kernel * kernel;
  const random = mulberry32(name.length * 1000 + inChs);
  const bound = Math.sqrt(3 / perChannel);
  const values = Float32Array.from({ length: outChs * perChannel }, (_, i) =>
    weight(Math.floor(i / perChannel), between(random, -bound, bound)),
  );
  const biases = Float32Array.from({ length: outChs }, (_, channel) => bias(channel));
  const operands = [
    builder.floats(`${name}.weight`, shape, () => values),
    builder.floats(`${name}.bias`, [outChs], () => biases),
  ];
  const pad = (kernel - 1) / 2;
  return builder.add(name, 'Conv', [x, ...operands], {
    pads: ints(pad, pad, pad, pad),
    group: int(group),
  });
}

function silu(builder: GraphBuilder, x: string): string {
  return builder.add(`${x}.silu`, 'Mul', [x, builder.add(`${x}.sigmoid`, 'Sigmoid', [x])]);
}

/** A graph from pixels to `y` through a first convolution, which stays in floats because its input has 3 channels. */
function graphOf(
  body: (builder: GraphBuilder, x: string) => string,
  first: (builder: GraphBuilder, x: string) => string = (_, x) => x,
): Graph {
  const builder = new GraphBuilder();
  const input = { name: 'pixels', dtype: 'uint8', shape: ['batch', SIDE, SIDE, 3] } as const;
  builder.input(input);
  const floats = builder.cast('floats', builder.transpose('planes', 'pixels', [0, 3, 1, 2]), 'float32');
  const scaled = builder.add('scaled', 'Mul', [floats, builder.scalar('unit', 1 / 128)]);
  const x = first(builder, conv(builder, 'first', scaled));
  const y = builder.add('y', 'Identity', [body(builder, x)]);
  const [, ...shape] = builder.shapeOf(y);
  return builder.build('small', [input], [{ name: y, dtype: 'float32', shape: ['batch', ...shape] }]);
}

const run = async (graph: Graph) => (await runOnnx(encodeOnnx(graph), PIXELS.slice(), COUNT)).y ?? [];
const ranges = async (graph: Graph) => (await measured(graph, PIXELS.slice(), COUNT)).ranges;

/** The results of a graph in floats and in int8. */
async function both(graph: Graph) {
  return [await run(graph), await run(toInt8(graph, await ranges(graph)))] as const;
}

/** The values of one channel of a map [COUNT, channels, SIDE, SIDE]. */
function channelOf(values: ArrayLike<number>, channel: number, channels = CHANNELS): number[] {
  const area = SIDE * SIDE;
  return Array.from(values).filter((_, i) => Math.floor(i / area) % channels === channel);
}

const pool = (builder: GraphBuilder, x: string) =>
  builder.add('pool', 'MaxPool', [x], {
    kernel_shape: ints(3, 3),
    strides: ints(2, 2),
    pads: ints(1, 1, 1, 1),
  });

const relu = (builder: GraphBuilder, x: string) => builder.add(`${x}.relu`, 'Relu', [x]);

describe('toInt8', () => {
  // For each, the bound on the error of 8 bits, and the count of operators after ONNX Runtime has optimised the graph.
  const cases: Readonly<
    Record<
      string,
      readonly [(b: GraphBuilder, x: string) => string, number, Readonly<Record<string, number>>]
    >
  > = {
    'a convolution': [(b, x) => conv(b, 'c', x), 0.02, { QLinearConv: 1 }],
    'a convolution of groups': [
      (b, x) => conv(b, 'c', x, { group: 2 }), // 8 channels in each
      0.02,
      { QLinearConv: 1 },
    ],
    'convolutions of groups of few channels after another': [
      (b, x) => conv(b, 'ccc', relu(b, conv(b, 'cc', relu(b, conv(b, 'c', x)), { group: CHANNELS }))),
      0.03,
      { QLinearConv: 3 },
    ],
    'convolutions with ReLU': [
      (b, x) => relu(b, conv(b, 'cc', relu(b, conv(b, 'c', x)))),
      0.02,
      { QLinearConv: 2, Relu: 0 },
    ],
    'convolutions with SiLU': [
      (b, x) => silu(b, conv(b, 'cc', silu(b, conv(b, 'c', x)))),
      0.03,
      { QLinearConv: 2, QLinearSigmoid: 2, QLinearMul: 2, QuickGelu: 0 },
    ],
    'a residual sum': [
      (b, x) => {
        const shortcut = conv(b, 'shortcut', x, { kernel: 1 });
        return silu(b, b.add('sum', 'Add', [conv(b, 'cc', silu(b, conv(b, 'c', x))), shortcut]));
      },
      0.03,
      { QLinearConv: 3, QLinearAdd: 1, QLinearSigmoid: 2, Add: 0 },
    ],
    'a max pool': [(b, x) => conv(b, 'cc', pool(b, silu(b, conv(b, 'c', x)))), 0.03, { QLinearConv: 2 }],
  };
  for (const [what, [body, bound, operators]] of Object.entries(cases)) {
    it(`computes ${what} in integers, close to floats`, async () => {
      const graph = graphOf(body);
      const [floats, integers] = await both(graph);
      const error = relativeError(integers, floats);
      assert.ok(error < bound && error > 1e-4, `${error}`);
      const found = await operatorsMadeOf(encodeOnnx(toInt8(graph, await ranges(graph))));
      for (const [op, count] of Object.entries(operators)) assert.equal(found[op] ?? 0, count, op);
      assert.equal(found.Conv, 1); // the first
      assert.equal(found.QuantizeLinear, 1); // of its output; no other conversions
    });
  }

  it('leaves inputs, outputs and the given graph unchanged', async () => {
    const graph = graphOf((b, x) => silu(b, conv(b, 'c', x)));
    const before = [graph.nodes, [...graph.initializers.keys()]];
    const int8 = toInt8(graph, await ranges(graph));
    assert.deepEqual([int8.inputs, int8.outputs], [graph.inputs, graph.outputs]);
    assert.deepEqual([graph.nodes, [...graph.initializers.keys()]], before);
  });

  it('keeps the precision of channels whose weights are a thousand times smaller than others', async () => {
    const small = (channel: number, value: number) => (channel % 2 === 0 ? value : value / 1000);
    const graph = graphOf((b, x) => conv(b, 'c', x, { weight: small }));
    const weights = toInt8(graph, await ranges(graph));
    const scales = weights.initializers.get('c.weight.scale')?.read();
    const integers = weights.initializers.get('c.weight.int8')?.read();
    const original = graph.initializers.get('c.weight')?.read();
    assert.ok(scales && integers && original);
    const [scale, q, w] = [
      new Float32Array(scales.slice().buffer),
      new Int8Array(integers),
      new Float32Array(original.slice().buffer),
    ];
    const perChannel = w.length / CHANNELS;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const part = [channel * perChannel, (channel + 1) * perChannel] as const;
      const restored = Array.from(q.slice(...part), (value) => value * (scale[channel] ?? 0));
      const error = relativeError(restored, w.slice(...part));
      assert.ok(error < 0.01, `channel ${channel}: ${error}`);
    }
  });

  it('limits weights to 7 bits, so that sums overflow on no processor', async () => {
    const graph = graphOf((b, x) => conv(b, 'c', x));
    const q = new Int8Array(
      toInt8(graph, await ranges(graph))
        .initializers.get('c.weight.int8')
        ?.read() ?? [],
    );
    assert.equal(Math.max(...q.map(Math.abs)), 63);
  });

  it('keeps large biases of channels with tiny or zero weights', async () => {
    const dead = (channel: number, value: number) =>
      channel === 3 ? value * 1e-30 : channel === 5 ? 0 : value;
    const bias = (channel: number) => (channel === 3 ? -7 : channel === 5 ? 9 : 0.1);
    const [floats, integers] = await both(graphOf((b, x) => conv(b, 'c', x, { weight: dead, bias })));
    for (const channel of [3, 5]) {
      assert.ok(relativeError(channelOf(integers, channel), channelOf(floats, channel)) < 0.01);
    }
    assert.ok(relativeError(integers, floats) < 0.02);
  });

  it('pads with zero even if zero is outside the range of a value', async () => {
    // All values are between 5 and 6, so any padding but 0 would show at the border.
    const shifted = (b: GraphBuilder, x: string) =>
      b.add('high', 'Add', [b.add('s', 'Sigmoid', [x]), b.scalar('five', 5)]);
    const ones = { weight: () => 0.01, bias: () => 0 };
    const graph = graphOf((b, x) => conv(b, 'c', x, ones), shifted);
    const [floats, integers] = await both(graph);
    const border = (values: ArrayLike<number>) =>
      Array.from(values).filter((_, i) => i % SIDE === 0 || Math.floor(i / SIDE) % SIDE === 0);
    assert.ok(relativeError(border(integers), border(floats)) < 0.01);
  });

  it('clips values beyond their ranges', async () => {
    const graph = graphOf((b, x) => conv(b, 'c', x));
    const narrow = new Map([...(await ranges(graph)), ['c', { min: -0.25, max: 0.5 }]]);
    const values = Array.from(await run(toInt8(graph, narrow)));
    assert.ok(Math.abs(Math.min(...values) + 0.25) < 0.01, `${Math.min(...values)}`);
    assert.ok(Math.abs(Math.max(...values) - 0.5) < 0.01, `${Math.max(...values)}`);
  });

  it('drops the part of a range that SiLU maps to zero, unless the value has other uses', async () => {
    const wide = { min: -100, max: 4 };
    const errorOf = async (graph: Graph) => {
      const all = new Map([...(await ranges(graph)), ['c', wide]]);
      return relativeError(await run(toInt8(graph, all)), await run(graph));
    };
    assert.ok((await errorOf(graphOf((b, x) => silu(b, conv(b, 'c', x))))) < 0.03);
    const low = { bias: () => -20 }; // outside of a clipped range
    const twice = graphOf((b, x) => {
      const c = conv(b, 'c', x, low);
      return b.add('both', 'Sub', [c, silu(b, c)]);
    });
    assert.ok((await errorOf(twice)) < 0.03);
  });

  it('keeps the negative values of a tensor with uses besides ReLU', async () => {
    const graph = graphOf((b, x) => {
      const c = conv(b, 'c', x);
      return b.add('both', 'Sub', [relu(b, c), b.add('t', 'Tanh', [c])]);
    });
    const [floats, integers] = await both(graph);
    assert.ok(relativeError(integers, floats) < 0.02);
    const found = await operatorsMadeOf(encodeOnnx(toInt8(graph, await ranges(graph))));
    assert.equal(found.QLinearConv, 1);
  });

  it('refuses to guess a missing range', async () => {
    const graph = graphOf((b, x) => silu(b, conv(b, 'c', x)));
    const all = await ranges(graph);
    assert.ok(all.size > 2);
    for (const value of all.keys()) {
      const rest = new Map([...all].filter(([name]) => name !== value));
      assert.throws(
        () => toInt8(graph, rest),
        (error) => {
          assert.ok(error instanceof ModelError);
          assert.ok(error.message.includes(`the range of ${value} was not measured`), error.message);
          return true;
        },
      );
    }
  });
});

describe('observed', () => {
  it('outputs the minimum and maximum of a value for each image', async () => {
    const graph = graphOf((b, x) => conv(b, 'c', x));
    const { min, max } = extremesOf('c');
    const outputs = await runOnnx(encodeOnnx(observed(graph, ['c'])), PIXELS.slice(), COUNT);
    const values = outputs.y ?? new Float32Array();
    const per = values.length / COUNT;
    for (let image = 0; image < COUNT; image++) {
      const own = values.subarray(image * per, (image + 1) * per);
      assert.equal(outputs[min]?.[image], Math.min(...own));
      assert.equal(outputs[max]?.[image], Math.max(...own));
    }
  });
});
