import { lookup } from '../layers/lookup.js';
import { type FeatureMap, MapSizeError, type Net } from '../layers/net.js';
import { DOWNSAMPLES, shortcut } from '../layers/shortcut.js';
import type { BlockSpec } from './block.js';

/** Adds the shortcut of `x`, if any, to the branch `y`, then the activation unless the block ends linearly. */
export function residual(
  net: Net,
  x: FeatureMap,
  y: FeatureMap,
  spec: BlockSpec,
  linearOut: boolean,
): FeatureMap {
  const downsample = lookup('downsample', DOWNSAMPLES, spec.downsample);
  const short = shortcut(net, spec.layers, downsample, x, spec.prefix, spec);
  const sum = short === undefined ? y.name : added(net, y, short, spec.prefix);
  return { ...y, name: linearOut ? sum : spec.layers.act(net, sum, `${spec.prefix}.act`) };
}

function added(net: Net, y: FeatureMap, short: FeatureMap, prefix: string): string {
  if (short.height !== y.height || short.width !== y.width) {
    const sizes = `${y.height}×${y.width} and ${short.height}×${short.width}`;
    throw new MapSizeError(`${prefix}: the branch and its shortcut differ in size: ${sizes}`);
  }
  return net.graph.add(`${prefix}.add`, 'Add', [y.name, short.name]);
}
