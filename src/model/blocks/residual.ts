import { ModelError } from '../../errors.js';
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
  if (short.height !== y.height || short.width !== y.width) {
    const sizes = `${y.height}x${y.width} and ${short.height}x${short.width}`;
    throw new ModelError(`${spec.prefix}: the branch and its shortcut differ in size: ${sizes}`);
  }
  const sum = net.graph.add(`${spec.prefix}.add`, 'Add', [y.name, short.name]);
  return { ...y, name: linearOut ? sum : spec.layers.act(net, sum, spec.prefix) };
}
