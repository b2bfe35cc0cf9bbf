/** How the checkpoint was evaluated: timm's `pretrained_cfg`, under our names. */
export interface PretrainedCfg {
  readonly height: number; // pixels
  readonly width: number; // pixels
  readonly mean: readonly [number, number, number]; // RGB, for pixels scaled to 0..1
  readonly std: readonly [number, number, number];
  readonly cropPct: number;
  readonly cropMode: 'center' | 'squash' | 'border';
  readonly interpolation: 'bicubic' | 'bilinear';
}
