import assert from 'node:assert/strict';
import type { Graph } from '../../../src/graph.js';
import { hubSettingsFromEnv } from '../../../src/hub/settings.js';
import { GraphBuilder, int, ints } from '../../../src/model/graph-builder.js';
import { planInt8 } from '../../../src/model/passes/int8-plan.js';
import { toStandardOps } from '../../../src/model/passes/standard-ops.js';
import { openModel } from '../../../src/models/open-model.js';

/** The names of the planned nodes of a graph from a map x [1, channels, 8, 8]. */
function planned(
  body: (
    builder: GraphBuilder,
    conv: (name: string, x: string, outChs: number, group?: number) => string,
  ) => string,
  channels = 16,
): readonly string[] {
  const builder = new GraphBuilder();
  const input = { name: 'x', dtype: 'float32', shape: [1, channels, 8, 8] } as const;
  builder.input(input);
  const conv = (name: string, x: string, outChs: number, group = 1) => {
    const [, inChs = 0] = builder.shapeOf(x);
    const shape = [outChs, inChs / group, 1, 1];
    const weight = builder.floats(`${name}.weight`, shape, () => new Float32Array(outChs * (inChs / group)));
    return builder.add(name, 'Conv', [x, weight], { group: int(group) });
  };
  const y = body(builder, conv);
  const graph = builder.build('g', [input], [{ name: y, dtype: 'float32', shape: builder.shapeOf(y) }]);
  return [...planInt8(graph).nodes].map(({ name }) => name);
}

describe('planInt8', () => {
  it('includes convolutions and the operators between them', () => {
    const names = planned((b, conv) => {
      const a = conv('a', 'x', 16);
      const silu = b.add('silu', 'Mul', [a, b.add('gate', 'Sigmoid', [a])]);
      const c = b.add('relu', 'Relu', [conv('c', silu, 16)]);
      const sum = b.add('sum', 'Add', [c, conv('shortcut', silu, 16)]);
      return b.add('pool', 'MaxPool', [sum], { kernel_shape: ints(2, 2), strides: ints(2, 2) });
    });
    assert.deepEqual(names.toSorted(), ['a', 'c', 'gate', 'pool', 'relu', 'shortcut', 'silu', 'sum']);
  });

  const alone: readonly (readonly [string, Parameters<typeof planned>[0], number?])[] = [
    ['a convolution of an image', (_, conv) => conv('y', 'x', 16), 3],
    ['a convolution of groups of few channels', (_, conv) => conv('y', 'x', 16, 4)],
    ['a depthwise convolution', (_, conv) => conv('y', 'x', 16, 16)],
    ['a convolution of a pooled map', (b, conv) => conv('y', b.add('p', 'GlobalAveragePool', ['x']), 16)],
    [
      'a convolution by computed weights',
      (b) =>
        b.add('y', 'Conv', [
          'x',
          b.add('w', 'Relu', [b.floats('c', [8, 16, 1, 1], () => new Float32Array(128))]),
        ]),
    ],
    [
      'a convolution with a computed bias',
      (b) => {
        const weight = b.floats('c', [8, 16, 1, 1], () => new Float32Array(128));
        return b.add('y', 'Conv', [
          'x',
          weight,
          b.add('bias', 'Relu', [b.floats('d', [8], () => new Float32Array(8))]),
        ]);
      },
    ],
    [
      'a matrix product',
      (b) => b.add('y', 'MatMul', ['x', b.floats('m', [8, 8], () => new Float32Array(64))]),
    ],
    ['a ReLU of floats', (b) => b.add('y', 'Relu', ['x'])],
    [
      'a max pool of floats',
      (b) => b.add('y', 'MaxPool', ['x'], { kernel_shape: ints(2, 2), strides: ints(2, 2) }),
    ],
    ['a sum of floats', (b) => b.add('y', 'Add', ['x', 'x'])],
  ];
  for (const [what, body, channels] of alone) {
    it(`leaves ${what} in floats`, () => assert.deepEqual(planned(body, channels), []));
  }

  it('leaves softmax, tanh, other products and mixed sums after a convolution in floats', () => {
    const after: readonly Parameters<typeof planned>[0][] = [
      (b, conv) => b.add('y', 'Softmax', [conv('c', 'x', 16)], { axis: int(1) }),
      (b, conv) => b.add('y', 'Tanh', [conv('c', 'x', 16)]),
      (b, conv) => b.add('y', 'Mul', [conv('c', 'x', 16), b.scalar('two', 2)]),
      (b, conv) => b.add('y', 'Mul', [conv('c', 'x', 16), b.add('gate', 'Sigmoid', ['x'])]), // a gate of another value
      (b, conv) => b.add('y', 'Add', [conv('c', 'x', 16), 'x']), // one of them in floats
      (b, conv) => b.add('y', 'Add', [conv('c', 'x', 16), conv('d', 'x', 1)]),
    ];
    for (const body of after) assert.ok(!planned(body).includes('y'), String(body));
  });

  it('includes a depthwise convolution that follows one in 8 bits', () => {
    assert.deepEqual(
      planned((_, conv) => conv('depthwise', conv('a', 'x', 16), 16, 16)),
      ['a', 'depthwise'],
    );
  });

  it('plans a subset of the values for fewer outputs', async () => {
    const source = await openModel('demo', { hub: hubSettingsFromEnv({}, '/nowhere') });
    const plan = (...names: string[]) => {
      const graph: Graph = toStandardOps(
        source.build(
          names.map((name) => ({ name })),
          {},
        ).graph,
      );
      return planInt8(graph);
    };
    const whole = plan(...source.outputs);
    for (const outputs of [['stage1'], ['stage0', 'stage3'], ['stage4'], ['unpooled'], ['probabilities']]) {
      const { values } = plan(...outputs);
      assert.ok(values.size > 0, outputs.join());
      for (const value of values) assert.ok(whole.values.has(value), value);
    }
    assert.ok(plan('stage1').values.size < whole.values.size / 2);
  });
});
