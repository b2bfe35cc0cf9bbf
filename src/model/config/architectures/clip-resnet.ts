import { type ByoModelCfg, model } from '../byo-cfg.js';
import { type Family, type FamilyInit, imagenet, type Tag, type TagInit } from './architecture.js';
import { type Depths, resNetStages } from './resnet-stages.js';

const clipResNet = (depths: Depths, init: FamilyInit): ByoModelCfg =>
  model({
    blocks: resNetStages(depths),
    stem_chs: [32, 32, 64],
    stem_type: '',
    stem_pool: 'avg2',
    downsample: 'avg',
    aa_layer: 'avg',
    ...init,
  });

interface Tower {
  readonly depths: Depths;
  readonly widthFactor?: number;
  readonly embedding: number; // features that CLIP compares with those of a text: the outputs of the head
  readonly inputSize: number; // pixels
  readonly datasets: readonly string[]; // in the tags
}

/** CLIP's image tower, with its attention pooling and (`_gap`) with average pooling and no classifier. */
function towers(name: string, { depths, widthFactor = 1, embedding, inputSize, datasets }: Tower): Family {
  const of = (head_type: string, numClasses: number) => ({
    cfg: clipResNet(depths, { width_factor: widthFactor, head_type }),
    tags: Object.fromEntries(datasets.map((dataset) => [dataset, clip({ inputSize, numClasses })])),
  });
  return { [name]: of('attn_abs', embedding), [`${name}_gap`]: of('classifier', 0) };
}

// https://github.com/openai/CLIP/blob/main/clip/clip.py, `_transform`
const clip = (init: TagInit): Tag =>
  imagenet({
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
    license: 'mit',
    ...init,
  });

/** The image towers of CLIP (https://arxiv.org/abs/2103.00020), and their trunk with an MLP head. */
export const CLIP_RESNETS: Family = {
  ...towers('resnet50_clip', {
    depths: [3, 4, 6, 3],
    embedding: 1024,
    inputSize: 224,
    datasets: ['openai', 'cc12m', 'yfcc15m'],
  }),
  ...towers('resnet101_clip', {
    depths: [3, 4, 23, 3],
    embedding: 512,
    inputSize: 224,
    datasets: ['openai', 'yfcc15m'],
  }),
  ...towers('resnet50x4_clip', {
    depths: [4, 6, 10, 6],
    widthFactor: 1.25,
    embedding: 640,
    inputSize: 288,
    datasets: ['openai'],
  }),
  ...towers('resnet50x16_clip', {
    depths: [6, 8, 18, 8],
    widthFactor: 1.5,
    embedding: 768,
    inputSize: 384,
    datasets: ['openai'],
  }),
  ...towers('resnet50x64_clip', {
    depths: [3, 15, 36, 10],
    widthFactor: 2,
    embedding: 1024,
    inputSize: 448,
    datasets: ['openai'],
  }),
  resnet50_mlp: {
    cfg: clipResNet([3, 4, 6, 3], { head_type: 'mlp', head_hidden_size: 1024 }),
    tags: { untrained: imagenet({ published: false }) },
  },
};
