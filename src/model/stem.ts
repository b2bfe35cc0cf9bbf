import { ModelError } from '../errors.js';
import { roundHalfEven } from '../rounding.js';
import { buildOne } from './blocks/one.js';
import { buildRep } from './blocks/rep.js';
import { convNormAct } from './layers/conv-norm-act.js';
import { conv2d } from './layers/conv2d.js';
import type { Layers } from './layers/layers.js';
import type { FeatureMap, Net } from './layers/net.js';
import { averagePool, averagePool2, maxPool, maxPool2 } from './layers/pool.js';
import type { Feature } from './outputs.js';

/** The output of a stem. */
export interface StemMaps {
  readonly out: Feature;
  readonly before: Feature | undefined; // the map before the second of two strides, which is timm's first feature
}

/** The configuration of the stem. */
export interface StemSpec {
  readonly chs: number | readonly number[]; // timm's stem_chs, after width_factor
  readonly pool: StemPool | undefined;
}

type StemPool = (net: Net, x: FeatureMap, name: string) => FeatureMap;

/**
 * Adds a stem.
 *
 * @param x [batch, 3, H, W], normalised
 */
type Stem = (net: Net, layers: Layers, x: FeatureMap, spec: StemSpec) => StemMaps;

/** A stack of convolutions. */
interface Stack {
  readonly chs: readonly number[]; // output channels of each convolution
  readonly kernel: number;
  readonly numAct: number; // how many of the last ones have a norm and an activation
}

/** Builds convolutions with a total stride of 4, the last 2 of it by the pool if there is one (timm's `Stem`). */
function stack(
  net: Net,
  layers: Layers,
  x: FeatureMap,
  { chs, kernel, numAct }: Stack,
  pool?: StemPool,
): StemMaps {
  const last = chs.length - 1;
  if (last < 1 && pool === undefined) {
    throw new ModelError(
      'model_cfg.stem_chs: a stem of one convolution in a list needs a stem_pool to reach stride 4',
    );
  }
  let out = x;
  let before: FeatureMap | undefined;
  for (const [i, outChs] of chs.entries()) {
    const stride = i === 0 || (i === last && pool === undefined) ? 2 : 1;
    if (i === last && pool === undefined) before = out;
    const [path, spec] = [`stem.conv${i + 1}`, { outChs, kernel, stride }];
    const plain = i < chs.length - numAct;
    out = plain
      ? conv2d(net, out, path, { ...spec, hasBias: false })
      : convNormAct(net, layers, out, path, spec);
  }
  const conv = (place: number) => `stem.conv${place}`;
  if (pool !== undefined) {
    return {
      before: { ...out, reduction: 2, module: conv(chs.length) },
      out: { ...pool(net, out, 'stem.pool'), reduction: 4, module: 'stem.pool' },
    };
  }
  return {
    before: before && { ...before, reduction: 2, module: conv(last) },
    out: { ...out, reduction: 4, module: conv(chs.length) },
  };
}

/** Builds `count` convolutions whose channels grow by 1 / decay up to the last, unless they are listed. */
const growing =
  (count: number, decay: number, numAct = Number.POSITIVE_INFINITY): Stem =>
  (net, layers, x, { chs, pool }) => {
    const list = typeof chs === 'number' ? grown(chs, count, decay) : chs;
    return stack(net, layers, x, { chs: list, kernel: 3, numAct }, pool);
  };

const grown = (chs: number, count: number, decay: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => roundHalfEven(chs * decay ** (count - 1 - i)));

const single = (name: string, chs: StemSpec['chs']): number => {
  if (typeof chs === 'number') return chs;
  throw new ModelError(
    `model_cfg.stem_chs: a ${name} stem takes one number here, received [${chs.join(', ')}]`,
  );
};

const tiered: Stem = (net, layers, x, { chs: given, pool }) => {
  const chs = single('tiered', given);
  const tiers = [Math.floor((3 * chs) / 8), Math.floor(chs / 2), chs];
  return stack(net, layers, x, { chs: tiers, kernel: 3, numAct: 3 }, pool);
};

/** Builds one convolution with a pool, or with stride 2 and no pool; a list of channels makes a stack. */
const plain =
  (kernel: number): Stem =>
  (net, layers, x, { chs, pool }) => {
    if (pool === undefined && (kernel !== 3 || typeof chs === 'number')) {
      const outChs = single(`${kernel}x${kernel}`, chs);
      return alone(convNormAct(net, layers, x, 'stem', { outChs, kernel, stride: 2 }));
    }
    const list = typeof chs === 'number' ? [chs] : chs;
    return stack(net, layers, x, { chs: list, kernel, numAct: list.length }, pool);
  };

/** Builds a stem from a single layer of stride 2. */
const alone = (out: FeatureMap): StemMaps => ({
  out: { ...out, reduction: 2, module: 'stem' },
  before: undefined,
});

const GEOMETRY = { kernel: 3, stride: 2 };

/** Builds a stem from a block of stride 2, for which timm ignores stem_pool. */
const rep: Stem = (net, layers, x, { chs }) =>
  alone(buildRep(net, layers, x, 'stem', { ...GEOMETRY, outChs: single('rep', chs) }));

const one: Stem = (net, layers, x, { chs }) =>
  alone(buildOne(net, layers, x, 'stem', { ...GEOMETRY, outChs: single('one', chs) }));

/** Stems by their names in timm's `stem_type`. */
export const STEMS: Readonly<Record<string, Stem>> = {
  '': plain(3),
  quad: growing(4, 0.5),
  quad2: growing(4, 0.5, 2),
  tiered,
  deep: growing(3, 1),
  rep,
  one,
  '7x7': plain(7),
  '3x3': plain(3),
};

/** Pools by their names in timm's `stem_pool`; without a pool, the last convolution strides. */
export const STEM_POOLS: Readonly<Record<string, StemPool>> = {
  max: maxPool,
  maxpool: maxPool,
  avg: averagePool,
  avgpool: averagePool,
  max2: maxPool2,
  avg2: averagePool2,
};
