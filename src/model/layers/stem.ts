import { ints } from '../graph-builder.js';
import { convNormAct } from './conv-norm-act.js';
import type { Layers } from './layers.js';
import type { FeatureMap, Net } from './net.js';

/** A stem's output, and its last map before the final stride, which is timm's first feature. */
export interface StemMaps {
  readonly out: FeatureMap; // reduction 4
  readonly feature: FeatureMap; // reduction 2
}

/** Output channels of each 3x3 convolution of a stem, from `stem_chs`. */
type StemLayout = (chs: number) => readonly number[];

const tiered: StemLayout = (chs) => [Math.floor((3 * chs) / 8), Math.floor(chs / 2), chs];

/** Stems by the names that timm's `stem_type` takes. */
export const STEMS: Readonly<Record<string, StemLayout>> = { tiered };

type StemPool = (net: Net, x: FeatureMap, prefix: string) => FeatureMap;

const maxpool: StemPool = (net, x, prefix) => ({
  name: net.graph.add(`${prefix}.pool`, 'MaxPool', [x.name], {
    kernel_shape: ints(3, 3),
    strides: ints(2, 2),
    pads: ints(1, 1, 1, 1),
  }),
  channels: x.channels,
  height: Math.ceil(x.height / 2),
  width: Math.ceil(x.width / 2),
});

/** Pools by the names that timm's `stem_pool` takes; without one the last convolution is strided. */
export const STEM_POOLS: Readonly<Record<string, StemPool>> = { maxpool };

/**
 * A stack of 3x3 convolutions of total stride 4 (timm's `Stem`).
 *
 * @param x [batch, 3, H, W], normalised
 */
export function buildStem(
  net: Net,
  layers: Layers,
  x: FeatureMap,
  chs: readonly number[],
  pool: StemPool | undefined,
): StemMaps {
  const last = chs.length - 1;
  let out = x;
  let feature = x;
  for (const [i, outChs] of chs.entries()) {
    const stride = i === 0 || (i === last && pool === undefined) ? 2 : 1;
    if (i === last && pool === undefined) feature = out;
    out = convNormAct(net, layers, out, `stem.conv${i + 1}`, { outChs, kernel: 3, stride, act: layers.act });
  }
  if (pool === undefined) return { out, feature };
  return { out: pool(net, out, 'stem'), feature: out };
}
