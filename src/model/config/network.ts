import type { ByoModelCfg } from './byo-cfg.js';

/** A complete network: timm's model configuration and the arguments it is created with. */
export interface NetworkConfig {
  readonly source: string; // the path or name of the configuration, for errors
  readonly cfg: ByoModelCfg;
  readonly numClasses: number; // 0: no classifier
  readonly globalPool: string | undefined; // timm's global_pool; undefined is the head's default
  readonly outputStride: number; // the largest reduction of a map; beyond it, stages dilate instead of striding
  readonly trainedSize: { readonly height: number; readonly width: number }; // pixels: the size that learned positions are for
}
