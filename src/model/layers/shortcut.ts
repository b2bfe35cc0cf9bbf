import { int, ints } from '../graph-builder.js';
import { type ConvLayers, convNormAct, PLAIN_LAYERS } from './conv-norm-act.js';
import { type FeatureMap, featureMap, type Net } from './net.js';

/** The shortcut that a block needs. */
export interface ShortcutSpec {
  readonly outChs: number;
  readonly stride: number;
  readonly dilation: readonly [number, number]; // of the block's first and second kxk convolution
}

/** Adds a shortcut that changes channels or size. */
type Downsample = (
  net: Net,
  layers: ConvLayers,
  x: FeatureMap,
  prefix: string,
  spec: ShortcutSpec,
) => FeatureMap;

const conv1x1: Downsample = (net, layers, x, prefix, { outChs, stride, dilation: [dilation] }) =>
  convNormAct(net, layers, x, prefix, { outChs, kernel: 1, stride, dilation, act: false });

/** Adds average pooling, then a 1x1 convolution with BatchNorm, whatever the model's norm (timm's `DownsampleAvg`). */
const avg: Downsample = (net, _, x, prefix, { outChs, stride, dilation: [dilation] }) => {
  const pooled = stride > 1 || dilation > 1 ? averagePool(net, x, prefix, dilation === 1 ? stride : 1) : x;
  return convNormAct(net, PLAIN_LAYERS, pooled, `${prefix}.conv`, { outChs, kernel: 1, act: false });
};

/** Averages 2x2; when striding, windows across the lower and right edge count only pixels inside the map. */
function averagePool(net: Net, x: FeatureMap, prefix: string, stride: number): FeatureMap {
  const kernel = 2;
  const beyond = (length: number) => {
    if (stride === 1) return 1;
    const windows = Math.ceil((length - kernel) / stride) + 1;
    const inside = (windows - 1) * stride < length ? windows : windows - 1; // torch's ceil_mode
    return Math.max(0, (inside - 1) * stride + kernel - length);
  };
  const pool = net.graph.add(`${prefix}.pool`, 'AveragePool', [x.name], {
    kernel_shape: ints(kernel, kernel),
    strides: ints(stride, stride),
    pads: ints(0, 0, beyond(x.height), beyond(x.width)),
    count_include_pad: int(stride === 1 ? 1 : 0),
  });
  return featureMap(net, pool);
}

/** Shortcuts that change shape, by their names in timm's `downsample`; '' is no shortcut at all. */
export const DOWNSAMPLES: Readonly<Record<string, Downsample | undefined>> = { conv1x1, avg, '': undefined };

/**
 * Adds the shortcut of a residual block: the input itself if the shape does not change (timm's `create_shortcut`).
 *
 * @returns [batch, outChs, ceil(H / stride), ceil(W / stride)]; undefined for none
 */
export function shortcut(
  net: Net,
  layers: ConvLayers,
  downsample: Downsample | undefined,
  x: FeatureMap,
  prefix: string,
  spec: ShortcutSpec,
): FeatureMap | undefined {
  const { outChs, stride, dilation } = spec;
  if (x.channels === outChs && stride === 1 && dilation[0] === dilation[1]) return x;
  return downsample?.(net, layers, x, `${prefix}.shortcut`, spec);
}
