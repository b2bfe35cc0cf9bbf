import { ints } from '../graph-builder.js';
import { addConv, symmetricPadding } from './conv2d.js';
import { type FeatureMap, featureMap, type Net } from './net.js';

/**
 * Adds a layer that strides in place of a convolution (timm's `aa_layer`, timm/layers/blur_pool.py).
 *
 * @param x [batch, C, H, W]
 */
export type AntiAlias = (net: Net, x: FeatureMap, prefix: string, stride: number) => FeatureMap;

const avg: AntiAlias = (net, x, prefix, stride) =>
  featureMap(
    net,
    net.graph.add(prefix, 'AveragePool', [x.name], {
      kernel_shape: ints(stride, stride),
      strides: ints(stride, stride),
    }),
  );

const KERNEL = 3;
const BINOMIAL = [1 / 4, 1 / 2, 1 / 4]; // 3 taps

/** Adds a depthwise binomial filter (https://arxiv.org/abs/1904.11486). */
const blur =
  (reflect: boolean): AntiAlias =>
  (net, x, prefix, stride) => {
    const { graph } = net;
    const pad = symmetricPadding(KERNEL, stride, 1);
    const pads = [0, 0, pad, pad, 0, 0, pad, pad];
    const padded = reflect
      ? featureMap(
          net,
          graph.add(`${prefix}.reflected`, 'Pad', [x.name, graph.shape(...pads)], {
            mode: { kind: 'string', value: 'reflect' },
          }),
        )
      : x;
    const spec = { outChs: x.channels, kernel: KERNEL, stride, groups: x.channels, pads: reflect ? 0 : pad };
    const filter = BINOMIAL.flatMap((row) => BINOMIAL.map((column) => row * column));
    const weight = () =>
      Float32Array.from(
        { length: x.channels * filter.length },
        (_, i) => filter[i % filter.length] as number,
      );
    return addConv(net, padded, prefix, spec, { weight });
  };

/** Anti-aliasing layers by their names in timm's `aa_layer`, in lower case without - and _. */
export const ANTI_ALIAS: Readonly<Record<string, AntiAlias>> = {
  avg,
  avgpool: avg,
  blur: blur(true),
  blurpool: blur(true),
  blurpc: blur(false),
};
