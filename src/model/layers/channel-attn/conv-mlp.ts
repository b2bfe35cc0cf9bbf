import type { Activation } from '../activation.js';
import { conv2d } from '../conv2d.js';
import type { FeatureMap, Net } from '../net.js';
import { addNorm, type NormFactory } from '../norms/norm.js';

/** Two 1x1 convolutions with a norm and an activation between them (timm's `ConvMlp`). */
export function convMlp(
  net: Net,
  x: FeatureMap,
  prefix: string,
  { hidden, act, norm }: { readonly hidden: number; readonly act: Activation; readonly norm?: NormFactory },
): FeatureMap {
  const fc1 = conv2d(net, x, `${prefix}.fc1`, { outChs: hidden, kernel: 1, hasBias: true });
  // timm's LayerNorm2d on its own, unlike the one with an activation, has an eps of 1e-6
  const layer = norm?.({ eps: 1e-6 }, 'norm')(net, `${prefix}.norm`, hidden, undefined);
  const normalized = layer === undefined ? fc1.name : addNorm(net, fc1.name, `${prefix}.norm`, layer);
  const active = { ...fc1, name: act(net, normalized, `${prefix}.act`) };
  return conv2d(net, active, `${prefix}.fc2`, { outChs: x.channels, kernel: 1, hasBias: true });
}
