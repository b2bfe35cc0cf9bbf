import assert from 'node:assert/strict';
import { buildNetwork } from '../../src/model/build.js';
import { readModelConfig } from '../../src/model/config-file/parse.js';
import { visualTensors } from '../../src/model/openai-clip.js';
import { CheckpointWeights } from '../../src/model/weights.js';
import { elementCount, type Tensor } from '../../src/tensor.js';
import { TIMM_MODELS } from '../support/timm-checkpoints.js';

/** OpenAI's name for a timm tensor, following the structure of CLIP's ModifiedResNet. */
function openAiName(name: string): string {
  const layers: Readonly<Record<string, number>> = { conv1_1x1: 1, conv2_kxk: 2, conv3_1x1: 3 };
  const pool: Readonly<Record<string, string>> = {
    pos_embed: 'positional_embedding',
    q: 'q_proj',
    k: 'k_proj',
    v: 'v_proj',
    proj: 'c_proj',
  };
  const [first = '', ...rest] = name.split('.');
  if (first === 'stem') return `visual.${rest[1]}${rest[0]?.slice(4)}.${rest.slice(2).join('.')}`;
  if (first === 'head') return ['visual.attnpool', pool[rest[0] ?? ''], ...rest.slice(1)].join('.');
  const [stage, block, layer = '', ...part] = rest;
  const place = `visual.layer${Number(stage) + 1}.${block}`;
  if (layer === 'shortcut')
    return `${place}.downsample.${part[1] === 'conv' ? 0 : 1}.${part.slice(2).join('.')}`;
  return `${place}.${part[0]}${layers[layer]}.${part.slice(1).join('.')}`;
}

const empty = (shape: readonly number[]): Tensor => ({
  dtype: 'float16',
  shape,
  data: new Uint8Array(2 * elementCount(shape)),
});

describe('visualTensors', () => {
  it("gives every tensor of CLIP's image tower its timm name, and drops the text tower", () => {
    const timm = TIMM_MODELS.resnet50_clip;
    assert.ok(timm);
    const openAi = new Map(
      Object.entries(timm.tensors).map(([name, shape]) => [openAiName(name), empty(shape)]),
    );
    openAi.set('token_embedding.weight', empty([8, 4]));
    const config = readModelConfig({ architecture: 'resnet50_clip' }, 'RN50');
    const weights = new CheckpointWeights(visualTensors(openAi, config.cfg), 'RN50');
    buildNetwork({ network: config, ...config.pretrained }, weights);
    weights.assertAllTaken();
    assert.deepEqual([...visualTensors(openAi, config.cfg).keys()].sort(), Object.keys(timm.tensors).sort());
  });

  it('drops the attention pool for a network without one', () => {
    const openAi = new Map([
      ['visual.conv1.weight', empty([32, 3, 3, 3])],
      ['visual.attnpool.c_proj.bias', empty([1024])],
    ]);
    const names = [...visualTensors(openAi, { head_type: 'classifier' }).keys()];
    assert.deepEqual(names, ['stem.conv1.conv.weight']);
  });

  it('leaves other checkpoints unchanged', () => {
    const tensors = new Map([['stem.conv1.conv.weight', empty([8, 3, 3, 3])]]);
    assert.equal(visualTensors(tensors, { head_type: 'classifier' }), tensors);
  });
});
