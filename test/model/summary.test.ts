import assert from 'node:assert/strict';
import type { Attribute } from '../../src/graph.js';
import { readModelConfig } from '../../src/model/config-file/parse.js';
import { macsOf } from '../../src/model/cost.js';
import { summarize } from '../../src/model/summary.js';
import { blankWeights } from '../../src/model/weights.js';

const summaryOf = (config: Readonly<Record<string, unknown>>) => {
  const network = readModelConfig(config, 'config');
  return summarize({ network, ...network.pretrained }, blankWeights());
};

describe('macsOf', () => {
  const shapes: Readonly<Record<string, readonly number[]>> = {
    x: [1, 8, 10, 10],
    w: [16, 4, 3, 3],
    y: [1, 16, 5, 5],
    a: [2, 3, 4],
    b: [2, 4, 5],
    c: [2, 3, 5],
    'a^T': [2, 4, 3],
  };
  const macs = (
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Record<string, Attribute> = {},
  ) =>
    macsOf(
      { name: output, op, domain: '', inputs, outputs: [output], attributes },
      (name) => shapes[name] ?? [],
    );

  it('counts a convolution by its output and the weights of one output channel', () => {
    assert.equal(macs('Conv', ['x', 'w'], 'y'), 16 * 5 * 5 * (4 * 3 * 3));
  });

  it('counts a matrix product by its inner size, transposed or not', () => {
    assert.equal(macs('MatMul', ['a', 'b'], 'c'), 2 * 3 * 5 * 4);
    assert.equal(
      macs('FusedMatMul', ['a^T', 'b'], 'c', { transA: { kind: 'int', value: 1 } }),
      2 * 3 * 5 * 4,
    );
  });

  it('does not count element-wise operators', () => {
    assert.equal(macs('Add', ['x', 'x'], 'x'), 0);
  });
});

describe('summarize', () => {
  it("gives timm's figures for halonet50ts", () => {
    const { parameters, macs, features, parts, outputs } = summaryOf({ architecture: 'halonet50ts' });
    assert.equal(parameters, 22_733_280);
    assert.equal((macs / 1e9).toFixed(1), '5.3'); // from timm's model card
    assert.equal(features, 2048);
    assert.deepEqual(
      parts.map(({ name, shape, reduction }) => [name, shape.join('x'), reduction]),
      [
        ['stem', '64x64x64', 4],
        ['stages.0', '256x64x64', 4],
        ['stages.1', '512x32x32', 8],
        ['stages.2', '1024x16x16', 16],
        ['stages.3', '2048x8x8', 32],
        ['head', '1000', undefined],
      ],
    );
    const sum = (key: 'parameters' | 'macs') => parts.reduce((total, part) => total + part[key], 0);
    assert.equal(sum('parameters'), parameters);
    assert.equal(sum('macs'), macs);
    assert.deepEqual(
      outputs.map(({ name, bytes }) => [name, bytes]),
      [
        ...[
          ['logits', 4000],
          ['probabilities', 4000],
          ['embedding', 8192],
          ['unpooled', 4 * 2048 * 64],
        ],
        ...[
          ['stage0', 4 * 64 * 128 ** 2],
          ['stage1', 4 * 256 * 64 ** 2],
          ['stage2', 4 * 512 * 32 ** 2],
        ],
        ...[
          ['stage3', 4 * 1024 * 16 ** 2],
          ['stage4', 4 * 2048 * 8 ** 2],
        ],
      ],
    );
  });

  it('counts re-parameterised branches as one convolution in MACs, but all of their parameters', () => {
    const config = (type: string) => ({
      architecture: 'x',
      num_classes: 10,
      pretrained_cfg: { input_size: [3, 64, 64], mean: [0, 0, 0], std: [1, 1, 1] },
      model_cfg: { stem_type: '3x3', stem_pool: '', stem_chs: 8, blocks: [{ type, d: 2, c: 16 }] },
    });
    const stage = summaryOf(config('rep')).parts[1];
    assert.equal(stage?.macs, 16 * 16 ** 2 * 8 * 9 + 16 * 16 ** 2 * 16 * 9);
    // kxk and 1x1 with their norms, and a norm of the input if its shape stays the same
    const block = (inChs: number, identity: boolean) =>
      16 * inChs * (9 + 1) + 2 * 2 * 16 + (identity ? 2 * 16 : 0);
    assert.equal(stage?.parameters, block(8, false) + block(16, true));
  });

  it('lists a stem of stride 4 twice if the first stage strides, as feature_info does', () => {
    const { stages } = summaryOf({
      architecture: 'x',
      num_classes: 10,
      pretrained_cfg: { input_size: [3, 64, 64], mean: [0, 0, 0], std: [1, 1, 1] },
      model_cfg: {
        stem_type: '7x7',
        stem_pool: 'maxpool',
        stem_chs: 8,
        blocks: [
          { type: 'bottle', d: 1, c: 16 },
          { type: 'bottle', d: 1, c: 24 },
        ],
      },
    });
    assert.deepEqual(
      stages.map(({ module, reduction, channels }) => [module, reduction, channels]),
      [
        ['stem.conv1', 2, 8],
        ['stem.pool', 4, 8],
        ['stages.0', 8, 16],
        ['final_conv', 16, 24],
      ],
    );
  });
});
