import assert from 'node:assert/strict';
import { generateTensor, tensorSeed } from '../../src/model/generated-weights.js';
import { mulberry32 } from '../../src/random.js';
import { generateCheckpoint } from '../parity/generated-weights.js';

// The first numbers in [0, 1) of head.fc.bias, as published with the golden outputs. They are accurate to 4e-10:
// numbers of mulberry32 are multiples of 2^-32, and the third published value lies between two of them.
const HEAD_BIAS = [0.8077509496, 0.9929190573, 0.0893723586];
const HEAD_BIAS_EXACT = [3469263912, 4264554879, 383851359]; // of 2^32

const near = (actual: number | undefined, expected: number, tolerance: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${actual}, expected ${expected}`);

/** The first number in [0, 1) of a tensor. */
const firstNumber = (name: string) => mulberry32(tensorSeed(name))();

describe('generated weights', () => {
  it('start from the documented seed and numbers', () => {
    assert.equal(tensorSeed('head.fc.bias'), 3904079183);
    const random = mulberry32(3904079183);
    for (const [i, expected] of HEAD_BIAS.entries()) {
      const u = random();
      assert.equal(u * 2 ** 32, HEAD_BIAS_EXACT[i]);
      near(u, expected, 4e-10);
    }
  });

  it('give a bias the documented numbers, rounded once to float32', () => {
    const bias = generateTensor('head.fc.bias', [1000]);
    assert.equal(bias.length, 1000);
    const random = mulberry32(3904079183);
    const expected = Array.from(bias, () => Math.fround(0.4 * (random() - 0.5)));
    assert.deepEqual([...bias], expected);
    for (const [i, u] of HEAD_BIAS.entries()) near(bias[i], 0.4 * (u - 0.5), 1e-8);
  });

  const fanIn = (inputs: number) => (u: number) => (2 * u - 1) * Math.sqrt(3 / inputs) * 1.2;
  const rules: readonly [string, readonly number[], (u: number) => number][] = [
    ['stages.0.0.conv1_1x1.bn.running_var', [8], (u) => 0.5 + u],
    ['stages.0.0.conv1_1x1.bn.running_mean', [8], (u) => 0.4 * (u - 0.5)],
    ['stages.0.0.conv1_1x1.bn.weight', [8], (u) => 0.6 + 0.8 * u],
    ['stages.0.0.conv1_1x1.bn.bias', [8], (u) => 0.4 * (u - 0.5)],
    ['stem.conv1.conv.weight', [24, 3, 3, 3], fanIn(27)],
    ['head.fc.weight', [10, 64], fanIn(64)],
    ['stages.1.0.self_attn.pos_embed.height_rel', [19, 16], (u) => 0.8 * (u - 0.5)],
    ['stages.1.0.self_attn.pos_emb', [19, 8, 1, 16], (u) => 0.8 * (u - 0.5)],
  ];
  for (const [name, shape, rule] of rules) {
    it(`follow the rule for ${name} [${shape.join(', ')}]`, () => {
      const tensor = generateTensor(name, shape);
      assert.equal(
        tensor.length,
        shape.reduce((product, size) => product * size),
      );
      assert.equal(tensor[0], Math.fround(rule(firstNumber(name))));
    });
  }

  it('cover a whole network, with the names and shapes of its list', () => {
    const tensors = generateCheckpoint('halonet26t');
    assert.deepEqual(tensors.get('head.fc.weight')?.shape, [1000, 2048]);
    assert.equal(tensors.get('head.fc.weight')?.data.byteLength, 4 * 1000 * 2048);
    assert.ok([...tensors.values()].every(({ dtype }) => dtype === 'float32'));
  });
});
