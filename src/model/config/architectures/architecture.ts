import type { ByoModelCfg, ModelInit } from '../byo-cfg.js';
import type { PretrainedCfg } from '../pretrained.js';

/** A published architecture of timm: its configuration and its published checkpoints. */
export interface Architecture {
  readonly cfg: ByoModelCfg;
  readonly tags: Readonly<Record<string, Tag>>; // by name; the first is the default that the bare name means
}

/** A published checkpoint: its input settings, from timm's `default_cfgs`. */
export interface Tag {
  readonly pretrained: PretrainedCfg;
  readonly numClasses: number; // 0: no classifier
  readonly published: boolean; // false: timm defines the model but publishes no weights
  readonly license: string; // timm's name for it, such as 'apache-2.0'
}

/** Architectures of one family, by timm's name. */
export type Family = Readonly<Record<string, Architecture>>;

/** What an entry may set for a network whose blocks its family defines. */
export type FamilyInit = Omit<ModelInit, 'blocks'>;

/** What an entry may set for a checkpoint. */
export interface TagInit
  extends Partial<Omit<PretrainedCfg, 'height' | 'width'>>,
    Partial<Omit<Tag, 'pretrained'>> {
  readonly inputSize?: number; // pixels, height and width
}

/** Describes a checkpoint trained on ImageNet-1k; an entry only sets what differs from timm's most common settings. */
export function imagenet({
  inputSize = 256,
  numClasses = 1000,
  published = true,
  license = 'apache-2.0',
  ...pretrained
}: TagInit = {}): Tag {
  return {
    pretrained: {
      height: inputSize,
      width: inputSize,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      cropPct: 0.9,
      cropMode: 'center',
      interpolation: 'bicubic',
      ...pretrained,
    },
    numClasses,
    published,
    license,
  };
}

/** The settings of the checkpoints that timm adopted from GENet, RepVGG and MobileOne. */
export function imagenet224(init: TagInit = {}): Tag {
  return imagenet({ inputSize: 224, cropPct: 0.875, interpolation: 'bilinear', ...init });
}
