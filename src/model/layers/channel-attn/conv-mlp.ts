import type { Activation } from '../activation.js';
import { conv2d } from '../conv2d.js';
import type { FeatureMap, Net } from '../net.js';
import { addNorm, type NormLayer } from '../norms/norm.js';

/** Two 1x1 convolutions with a norm and an activation between them (timm's `ConvMlp`). */
export function convMlp(
  net: Net,
  x: FeatureMap,
  prefix: string,
  {
    hidden,
    act,
    norm,
  }: { readonly hidden: number; readonly act: Activation; readonly norm?: NormLayer | undefined },
): FeatureMap {
  const fc1 = conv2d(net, x, `${prefix}.fc1`, { outChs: hidden, kernel: 1, hasBias: true });
  const layer = norm?.(net, `${prefix}.norm`, hidden, undefined);
  const normalized = layer === undefined ? fc1.name : addNorm(net, fc1.name, `${prefix}.norm`, layer);
  const active = { ...fc1, name: act(net, normalized, `${prefix}.act`) };
  return conv2d(net, active, `${prefix}.fc2`, { outChs: x.channels, kernel: 1, hasBias: true });
}
