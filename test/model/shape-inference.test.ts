import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import type { GraphNode } from '../../src/graph.js';
import { buildModel, buildNetwork } from '../../src/model/build.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';
import { toInt8 } from '../../src/model/passes/int8.js';
import { planInt8 } from '../../src/model/passes/int8-plan.js';
import { observed } from '../../src/model/passes/observe.js';
import { toStandardOps } from '../../src/model/passes/standard-ops.js';
import { inferShape, KNOWN_OPS } from '../../src/model/shape-inference.js';
import { CheckpointWeights } from '../../src/model/weights.js';

const NETS = 'fixtures/parity/options';

function read(name: string) {
  const config = parseModelConfig(readFileSync(`${NETS}/${name}/config.json`, 'utf8'), name);
  return { config, tensors: parseSafetensors(readFileSync(`${NETS}/${name}/model.safetensors`), name) };
}

/** The operators of a network: fused, standard, observed and in int8, with every way to finish an output. */
function operatorsOf(name: string): readonly string[] {
  const { config, tensors } = read(name);
  const outputs = [
    { name: 'unpooled', pool: 'avg', normalize: true, dtype: 'float16' },
    { name: 'embedding' },
  ] as const;
  const scores = config.numClasses > 0 ? [{ name: 'probabilities' }] : [];
  const request = { network: config, ...config.pretrained, outputs: [...outputs, ...scores] };
  const { graph } = buildModel(request, tensors, name);
  const standard = toStandardOps(graph);
  const { values } = planInt8(standard);
  const ranges = new Map([...values].map((value) => [value, { min: -1, max: 1 }]));
  const graphs = [graph, standard, observed(standard, values), toInt8(standard, ranges)];
  return graphs.flatMap(({ nodes }) => nodes.map(({ op }) => op));
}

// Networks that between them use every operator.
const CASES = [
  ...[
    'mixture',
    'attn-ge-no-mlp-extent4-maxpool',
    'attn-coord',
    'attn-splat',
    'attn-bat-b2',
    'attn-ceca',
    'attn-nl',
  ],
  ...['attn-cbam-k3-bias', 'norm-evonormb0', 'norm-frntlu', 'norm-rmsnorm2d', 'norm-groupnorm-group-size'],
  ...[
    'norm-layernorm2d-mixed',
    'aa-blur-bottle',
    'head-attn-rot',
    'head-pool-catavgmax',
    'self-lambda-rnone',
  ],
  ...[
    'nonsquare-bottleneck',
    'act-prelu',
    'act-celu',
    'act-selu',
    'act-hard_mish',
    'self-halo-block_size4-halo_size1-num_heads4-avg_downTrue',
  ],
];

describe('inferShape', () => {
  it('has rules for exactly the operators of the golden networks', () => {
    const used = new Set(readdirSync(NETS).flatMap(operatorsOf));
    assert.deepEqual([...used].sort(), [...KNOWN_OPS].sort());
  });

  for (const name of CASES) {
    it(`infers the shape that ONNX Runtime computes for every value of ${name}`, async () => {
      const { config, tensors } = read(name);
      const { net, input, values } = buildNetwork(
        { network: config, ...config.pretrained },
        new CheckpointWeights(tensors, name),
      );
      const last = values.head.logits ?? values.head.embedding;
      const build = (outputs: readonly string[]) =>
        net.graph.build(
          'all',
          [input],
          outputs.map((value) => ({
            name: value,
            dtype: value === 'input.planes' ? 'uint8' : 'float32',
            shape: net.graph.shapeOf(value),
          })),
        );
      const all = build([last]).nodes.map(({ name: value }: GraphNode) => value);
      const session = await InferenceSession.create(encodeOnnx(build(all)), { logSeverityLevel: 3 });
      const { height, width } = config.pretrained;
      const pixels = new OrtTensor('uint8', new Uint8Array(height * width * 3), [1, height, width, 3]);
      const results = await session.run({ pixels });
      assert.ok(all.length > 10);
      for (const value of all) assert.deepEqual(results[value]?.dims, net.graph.shapeOf(value), value);
      await session.release();
    });
  }

  it('refuses unknown operators and inputs that do not fit', () => {
    const node = (op: string) =>
      ({ name: 'n', op, domain: '', inputs: [], outputs: ['n'], attributes: {} }) as const;
    const known = (...shape: number[]) => ({ shape, ints: () => [] });
    assert.throws(() => inferShape(node('Einsum'), []), /node n: no shape rule for the operator Einsum/);
    assert.throws(() => inferShape(node('MatMul'), [known(2, 3), known(4, 5)]), /\[2,3\] and \[4,5\]/);
    assert.throws(() => inferShape(node('Add'), [known(2, 3), known(2, 4)]), /do not broadcast/);
    const target = { shape: [2], ints: () => [4, -1] };
    assert.throws(() => inferShape(node('Reshape'), [known(2, 3), target]), /cannot be reshaped/);
  });
});
