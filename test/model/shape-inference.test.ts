import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { buildNetwork } from '../../src/model/build.js';
import { parseModelConfig } from '../../src/model/config/parse.js';
import { inferShape } from '../../src/model/shape-inference.js';
import { CheckpointWeights } from '../../src/model/weights.js';

const NETS = 'fixtures/parity/options';

// One network for each kind of layer: between them they use every operator.
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
  ...[
    'norm-evonormb0',
    'norm-frntlu',
    'norm-rmsnorm2d',
    'norm-groupnorm-group-size',
    'aa-blur-bottle',
    'head-attn-rot',
  ],
];

describe('inferShape', () => {
  for (const name of CASES) {
    it(`says of every value of ${name} what ONNX Runtime computes`, async () => {
      const config = parseModelConfig(readFileSync(`${NETS}/${name}/config.json`, 'utf8'), name);
      const tensors = parseSafetensors(readFileSync(`${NETS}/${name}/model.safetensors`), name);
      const { net, input } = buildNetwork(
        { network: config, ...config.pretrained },
        new CheckpointWeights(tensors, name),
      );
      const { height, width } = config.pretrained;
      const last = config.cfg.head_type === 'classifier' ? 'head.fc' : 'head.proj';
      const nodes = net.graph.build('all', [input], [{ name: last, dtype: 'float32', shape: [] }]).nodes;
      const outputs = nodes.map(({ name: value, op }) => ({
        name: value,
        dtype: op === 'Transpose' && value === 'input.planes' ? ('uint8' as const) : ('float32' as const),
        shape: net.graph.shapeOf(value),
      }));
      const session = await InferenceSession.create(encodeOnnx(net.graph.build('all', [input], outputs)), {
        logSeverityLevel: 3,
      });
      const pixels = new OrtTensor('uint8', new Uint8Array(height * width * 3), [1, height, width, 3]);
      const results = await session.run({ pixels });
      for (const { name: value, shape } of outputs) assert.deepEqual(results[value]?.dims, shape, value);
      await session.release();
    });
  }

  it('refuses operators that it does not know, and inputs that do not fit', () => {
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
