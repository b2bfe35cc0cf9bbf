import type { NormCfg } from '../../config/byo-cfg.js';
import type { Activation } from '../activation.js';
import type { FeatureMap, Net } from '../net.js';

/** The values at the end of a network. */
export interface HeadValues {
  readonly embedding: string; // [batch, features], timm's pre-logits
  readonly features: number;
  readonly logits: string | undefined; // [batch, classes]; undefined without a classifier
  readonly classes: number;
  /**
   * Adds the embedding as it is with another global pooling.
   * @param pool one of timm's names, such as `max`
   * @throws ModelError if it does not fit the head
   */
  readonly repooled: (pool: string) => Pick<HeadValues, 'embedding' | 'features'>;
}

/** The configuration of the head. */
export interface HeadSpec {
  readonly where: string; // the configuration, for errors
  readonly numClasses: number; // 0: no classifier
  readonly hiddenSize: number | null; // timm's head_hidden_size
  readonly globalPool: string | undefined; // timm's global_pool; undefined is the head's default
  readonly norm: NormCfg;
  readonly act: Activation;
  readonly trainedSize: { readonly height: number; readonly width: number }; // size of the last map at the checkpoint's own image size
}

/** Adds a head after the last map [batch, C, H, W]. */
export type Head = (net: Net, x: FeatureMap, spec: HeadSpec) => HeadValues;
