import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ModelError } from '../../../src/errors.js';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../../src/formats/safetensors.js';
import type { Graph } from '../../../src/graph.js';
import { buildModel } from '../../../src/model/build.js';
import { parseModelConfig } from '../../../src/model/config-file/parse.js';
import { toHalf } from '../../../src/model/passes/half.js';
import { toStandardOps } from '../../../src/model/passes/standard-ops.js';
import { CheckpointWeights } from '../../../src/model/weights.js';
import type { Tensor } from '../../../src/tensor.js';
import { goldensIn } from '../../parity/golden.js';
import { floatsOf } from '../../support/floats-of.js';
import { readBytes } from '../../support/read-npy.js';
import { relativeError } from '../../support/relative-error.js';
import { runOnnx } from '../../support/run-onnx.js';
import { stepByStep } from '../../support/step-by-step.js';

const DEMO_BOUND = 1e-2;
// For networks with random weights: rounding the weights alone changes the worst of them by 0.01.
const RANDOM_BOUND = 2e-2;

/** The standard graph of a model folder, with changed weights. */
function graphOf(
  folder: string,
  change: (name: string, values: Float32Array) => void = () => {},
  more: readonly string[] = [], // additional outputs
): Graph {
  const network = parseModelConfig(readFileSync(`${folder}/config.json`, 'utf8'), folder);
  const tensors = parseSafetensors(readFileSync(`${folder}/model.safetensors`), folder);
  const weights = new CheckpointWeights(tensors, folder);
  const changed = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    if (tensor.dtype === 'int64') continue; // counters
    const values = weights.take(name, tensor.shape).read().slice();
    change(name, values);
    changed.set(name, { dtype: 'float32', shape: tensor.shape, data: new Uint8Array(values.buffer) });
  }
  const outputs = [...(network.numClasses > 0 ? ['logits'] : []), 'embedding', ...more].map((name) => ({
    name,
  }));
  return toStandardOps(buildModel({ network, ...network.pretrained, outputs }, changed, folder).graph);
}

/** The relative error of half precision against single, by output. */
async function errorsOf(graph: Graph, pixels: Uint8Array): Promise<Readonly<Record<string, number>>> {
  const single = await runOnnx(encodeOnnx(graph), pixels, 2);
  const half = await runOnnx(encodeOnnx(toHalf(graph)), pixels, 2);
  return Object.fromEntries(
    Object.entries(single).map(([name, values]) => [name, relativeError(half[name] ?? [], values)]),
  );
}

const pixelsOf = async (folder: string) => (await readBytes(`${folder}/pixels.npy`)).data;

describe('toHalf', () => {
  const demo = 'assets/demo-model';

  it('halves the weights, and leaves inputs and outputs unchanged', () => {
    const graph = graphOf(demo);
    const half = toHalf(graph);
    assert.deepEqual([half.inputs, half.outputs], [graph.inputs, graph.outputs]);
    const sizes = [graph, half].map(({ initializers }) =>
      [...initializers.values()]
        .filter(({ dtype }) => dtype !== 'int64')
        .reduce((sum, { read }) => sum + read().byteLength, 0),
    );
    assert.ok((sizes[1] ?? 0) < 0.51 * (sizes[0] ?? 0), sizes.join());
  });

  it('stays close to single precision with the demo model', async () => {
    const samples = await readBytes('fixtures/demo-samples/samples.npy');
    const errors = await errorsOf(graphOf(demo), samples.data.slice(0, 2 * 128 * 128 * 3));
    assert.ok(Object.keys(errors).length > 0);
    for (const [name, error] of Object.entries(errors)) assert.ok(error < DEMO_BOUND, `${name}: ${error}`);
  });

  it('stays close to single precision with every option of a network', async () => {
    const errors: (readonly [string, number])[] = [];
    for (const { folder } of goldensIn('fixtures/parity/options')) {
      const found = await errorsOf(graphOf(folder), await pixelsOf(folder));
      for (const [name, error] of Object.entries(found)) errors.push([`${basename(folder)} ${name}`, error]);
    }
    assert.ok(errors.length > 400);
    assert.deepEqual(
      errors.filter(([, error]) => !(error < RANDOM_BOUND)),
      [],
    );
  });

  // float16 cannot hold the squares of activations in the thousands.
  for (const norm of [
    'frn',
    'frntlu',
    'rmsnorm2d',
    'layernorm2d-mixed',
    'groupnorm-default',
    'evonorms0-default',
  ]) {
    it(`stays close to single precision with ${norm} of large activations, step by step`, async () => {
      const folder = `fixtures/parity/options/norm-${norm}`;
      const graph = graphOf(folder, (name, values) => {
        if (name === 'stem.conv.weight') for (const [i, value] of values.entries()) values[i] = 2000 * value;
      });
      const [, height = 0, width = 0] = graph.inputs[0]?.shape.map(Number) ?? [];
      const data = (await pixelsOf(folder)).slice(0, height * width * 3);
      const feeds = { pixels: { dtype: 'uint8', shape: [1, height, width, 3], data } } as const;
      const [single, half] = [await stepByStep(graph, feeds), await stepByStep(toHalf(graph), feeds)];
      assert.ok(Object.keys(single).length > 0);
      for (const [name, value] of Object.entries(single)) {
        const error = relativeError(floatsOf(half[name] as Tensor), floatsOf(value));
        assert.ok(error < RANDOM_BOUND, `${name}: ${error}`);
      }
    });
  }

  it('keeps global average pools, pixel normalisation and the final softmax in single precision', () => {
    const half = toHalf(graphOf(demo, () => {}, ['probabilities']));
    const maker = new Map(half.nodes.map((node) => [node.outputs[0], node]));
    const castsTo = (name: string) => {
      const attribute = maker.get(name)?.attributes.to;
      return attribute?.kind === 'int' ? attribute.value : undefined;
    };
    const pools = half.nodes.filter(({ op }) => op === 'GlobalAveragePool');
    assert.ok(pools.length > 0);
    for (const { inputs } of pools) assert.equal(castsTo(inputs[0] ?? ''), 1);
    assert.equal(castsTo(maker.get('head.softmax')?.inputs[0] ?? ''), 1);
    assert.equal(half.initializers.get('input.mean')?.dtype, 'float32');
    assert.equal(castsTo('input.normalized.float16'), 10);
  });

  it('refuses weights beyond the range of float16, and names them', () => {
    const half = toHalf(
      graphOf(demo, (name, values) => {
        if (name === 'head.fc.bias') values[3] = 70000;
      }),
    );
    assert.throws(
      () => encodeOnnx(half),
      (error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, /head\.fc\.bias.*70000 is beyond/);
        assert.match(error.hint ?? '', /--precision fp32/);
        return true;
      },
    );
  });
});
