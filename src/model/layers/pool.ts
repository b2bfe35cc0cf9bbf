import { int, ints } from '../graph-builder.js';
import { type FeatureMap, featureMap, type Net } from './net.js';

/** Adds the mean of each channel: [batch, C, 1, 1]. */
export const globalAverage = ({ graph }: Net, x: string, name: string): string =>
  graph.add(name, 'GlobalAveragePool', [x]);

/** Adds the maximum of each channel: [batch, C, 1, 1]. */
export const globalMax = ({ graph }: Net, x: string, name: string): string =>
  graph.add(name, 'GlobalMaxPool', [x]);

/** Adds half the sum of the two: [batch, C, 1, 1]. */
export const globalAverageMax = (net: Net, x: string, name: string): string =>
  net.graph.average(name, globalAverage(net, x, `${name}.avg`), globalMax(net, x, `${name}.max`));

interface PoolSpec {
  readonly kernel: number;
  readonly pad?: number;
}

/** Adds a pool of stride 2; an average does not count padding. */
function pool(op: 'MaxPool' | 'AveragePool', { kernel, pad = 0 }: PoolSpec) {
  return (net: Net, x: FeatureMap, name: string): FeatureMap =>
    featureMap(
      net,
      net.graph.add(name, op, [x.name], {
        kernel_shape: ints(kernel, kernel),
        strides: ints(2, 2),
        pads: ints(pad, pad, pad, pad),
        ...(op === 'AveragePool' && { count_include_pad: int(0) }),
      }),
    );
}

export const maxPool = pool('MaxPool', { kernel: 3, pad: 1 });
export const maxPool2 = pool('MaxPool', { kernel: 2 });
export const averagePool = pool('AveragePool', { kernel: 3, pad: 1 });
export const averagePool2 = pool('AveragePool', { kernel: 2 });
