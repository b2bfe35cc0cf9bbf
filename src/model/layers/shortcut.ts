import { convNormAct } from './conv-norm-act.js';
import type { Layers } from './layers.js';
import type { FeatureMap, Net } from './net.js';

/** What a block asks of its shortcut. */
export interface ShortcutSpec {
  readonly outChs: number;
  readonly stride: number;
}

/** Adds a shortcut that changes channels or size. */
type Downsample = (net: Net, layers: Layers, x: FeatureMap, prefix: string, spec: ShortcutSpec) => FeatureMap;

const conv1x1: Downsample = (net, layers, x, prefix, { outChs, stride }) =>
  convNormAct(net, layers, x, prefix, { outChs, kernel: 1, stride, act: undefined });

/** Shortcuts that change shape, by the names that timm's `downsample` takes. */
export const DOWNSAMPLES: Readonly<Record<string, Downsample>> = { conv1x1 };

/**
 * The shortcut of a residual block: the input itself where the shape stays (timm's `create_shortcut`).
 *
 * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)]
 */
export function shortcut(
  net: Net,
  layers: Layers,
  downsample: Downsample,
  x: FeatureMap,
  prefix: string,
  spec: ShortcutSpec,
): FeatureMap {
  if (x.channels === spec.outChs && spec.stride === 1) return x;
  return downsample(net, layers, x, `${prefix}.shortcut`, spec);
}
