import { lookup } from '../layers/layers.js';
import type { FeatureMap, Net } from '../layers/net.js';
import { DOWNSAMPLES, shortcut } from '../layers/shortcut.js';
import type { BlockSpec } from './block.js';

/** Adds the shortcut of `x` to the branch `y`, then the activation unless the block is linear at its end. */
export function residual(
  net: Net,
  x: FeatureMap,
  y: FeatureMap,
  spec: BlockSpec,
  linearOut: boolean,
): FeatureMap {
  const downsample = lookup('downsample', DOWNSAMPLES, spec.downsample);
  const short = shortcut(net, spec.layers, downsample, x, spec.prefix, spec);
  const sum = net.graph.add(`${spec.prefix}.add`, 'Add', [y.name, short.name]);
  return { ...y, name: linearOut ? sum : spec.layers.act(net, sum, spec.prefix) };
}
