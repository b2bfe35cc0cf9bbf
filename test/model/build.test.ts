import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ModelError } from '../../src/errors.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { buildModel } from '../../src/model/build.js';
import type { ByoBlockCfg } from '../../src/model/config/byo-cfg.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';
import type { OutputRequest } from '../../src/model/outputs.js';
import type { Tensor } from '../../src/tensor.js';

const folder = 'assets/demo-model';
const config = parseModelConfig(readFileSync(`${folder}/config.json`, 'utf8'), 'config.json');
const checkpoint = parseSafetensors(readFileSync(`${folder}/model.safetensors`), 'model.safetensors');

function build(outputs: readonly OutputRequest[], tensors: ReadonlyMap<string, Tensor> = checkpoint) {
  return buildModel({ network: config, ...config.pretrained, outputs }, tensors, 'demo.safetensors');
}

function refuses(tensors: ReadonlyMap<string, Tensor>, message: RegExp): void {
  assert.throws(
    () => build([{ name: 'logits' }], tensors),
    (error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, /^demo\.safetensors: /);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('buildModel', () => {
  it('reports the shape of each output of one image', () => {
    const { shapes } = build([
      { name: 'logits' },
      { name: 'probabilities' },
      { name: 'embedding' },
      { name: 'unpooled' },
      ...[0, 1, 2, 3, 4].map((i) => ({ name: `stage${i}` })),
    ]);
    assert.deepEqual(shapes, {
      logits: [16],
      probabilities: [16],
      embedding: [512],
      unpooled: [512, 4, 4],
      stage0: [32, 64, 64],
      stage1: [64, 32, 32],
      stage2: [128, 16, 16],
      stage3: [256, 8, 8],
      stage4: [512, 4, 4],
    });
    assert.deepEqual(build([{ name: 'stage2', pool: 'avg' }]).shapes, { stage2: [128] });
  });

  it('keeps only the nodes and weights that its outputs need', () => {
    const whole = build([{ name: 'logits' }]).graph;
    const early = build([{ name: 'stage1' }]).graph;
    assert.ok(early.nodes.every(({ name }) => !/^(stages\.[1-3]|head)/.test(name)));
    assert.ok([...early.initializers.keys()].every((name) => !/^(stages\.[1-3]|head)/.test(name)));
    assert.ok(early.nodes.length < whole.nodes.length / 3);
    assert.ok(whole.nodes.every(({ op }) => op !== 'BatchNormalization'));
  });

  it('refuses outputs that the network does not have', () => {
    assert.throws(() => build([{ name: 'stage5' }]), /no output "stage5"/);
    assert.throws(() => build([{ name: 'classes' }]), /no output "classes"/);
    const headless = new Map([...checkpoint].filter(([name]) => !name.startsWith('head.')));
    const request = { network: { ...config, numClasses: 0 }, ...config.pretrained };
    buildModel({ ...request, outputs: [{ name: 'embedding' }] }, headless, 'x');
    assert.throws(() => buildModel({ ...request, outputs: [{ name: 'logits' }] }, headless, 'x'), /"logits"/);
  });

  it('names a missing tensor and the shape it should have', () => {
    const tensors = new Map(checkpoint);
    tensors.delete('stages.1.1.self_attn.kv.weight');
    refuses(tensors, /"stages\.1\.1\.self_attn\.kv\.weight" is missing; expected shape \[64, 32, 1, 1\]/);
  });

  it('names a tensor of the wrong shape, with both shapes', () => {
    const tensors = new Map(checkpoint);
    tensors.set('head.fc.weight', { dtype: 'float32', shape: [10, 512], data: new Uint8Array(10 * 512 * 4) });
    refuses(tensors, /"head\.fc\.weight": expected shape \[16, 512\], found \[10, 512\]/);
  });

  it('names an unexpected tensor, and ignores the counters of BatchNorm', () => {
    const tensors = new Map(checkpoint);
    const counter: Tensor = { dtype: 'int64', shape: [], data: new Uint8Array(8) };
    tensors.set('stem.conv1.bn.num_batches_tracked', counter);
    build([{ name: 'logits' }], tensors);
    tensors.set('stages.0.0.se.weight', { dtype: 'float16', shape: [4], data: new Uint8Array(8) });
    refuses(tensors, /"stages\.0\.0\.se\.weight" \[4\] has no place/);
  });

  it('refuses weights that are not floating-point', () => {
    const tensors = new Map(checkpoint);
    tensors.set('head.fc.bias', { dtype: 'int64', shape: [16], data: new Uint8Array(128) });
    refuses(tensors, /"head\.fc\.bias": expected a floating type, found int64/);
  });

  const altered = (change: (stages: ByoBlockCfg[][]) => void) => {
    const blocks = config.cfg.blocks.map((stage) => stage.map((block) => ({ ...block })));
    change(blocks);
    const network = { ...config, cfg: { ...config.cfg, blocks } };
    const request = { network, ...config.pretrained, outputs: [{ name: 'logits' }] };
    return () => buildModel(request, checkpoint, 'x');
  };
  const first = (stages: ByoBlockCfg[][], change: Partial<ByoBlockCfg>) => {
    const [stage] = stages;
    if (stage?.[0]) stage[0] = { ...stage[0], ...change };
  };

  it('refuses indivisible channels, even kernels and unknown arguments', () => {
    assert.throws(
      altered((stages) => first(stages, { gs: 3 })),
      /stages\.0\.0: 16 channels cannot be grouped by gs 3/,
    );
    const even = { block_kwargs: { kernel_size: 4 } };
    assert.throws(
      altered((stages) => first(stages, even)),
      /kernel_size: expected an odd kernel size, received 4/,
    );
    const unknown = { block_kwargs: { kernel: 3 } };
    assert.throws(
      altered((stages) => first(stages, unknown)),
      /block_kwargs: unknown field "kernel"/,
    );
    const heads = { self_attn_kwargs: { block_size: 8, num_heads: 5 } };
    assert.throws(
      altered((stages) => {
        const stage = stages[1];
        if (stage?.[1]) stage[1] = { ...stage[1], ...heads };
      }),
      /stages\.1\.1\.self_attn: 32 channels cannot be split among 5 heads/,
    );
  });
});
