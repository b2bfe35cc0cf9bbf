import type { Kwargs } from '../../config/byo-cfg.js';
import { number, object, optional } from '../../fields.js';
import { int, ints } from '../../graph-builder.js';
import type { Activation } from '../activation.js';
import { type ChannelAffine, channelAffine, type Net } from '../net.js';

/** A norm and the activation after it (timm's `NormAct` layers), as two parts of the graph. */
export interface Norm {
  /** Folded into the operator before the norm; undefined if there is nothing to fold. */
  readonly affine: ChannelAffine | undefined;
  /** Adds the remaining operators after it. */
  readonly finish: (x: string) => string;
}

/**
 * Reads the norm named `prefix` from the checkpoint.
 *
 * @param act the activation after it, at `<prefix>.act`; undefined for none
 */
export type NormLayer = (net: Net, prefix: string, channels: number, act: Activation | undefined) => Norm;

/** Creates a norm from its keyword arguments, which it checks. */
export type NormFactory = (kwargs: Kwargs, where: string) => NormLayer;

/** Adds a whole norm as separate operators. */
export function addNorm(net: Net, x: string, prefix: string, { affine, finish }: Norm): string {
  return finish(affine === undefined ? x : channelAffine(net, x, prefix, affine));
}

export const activate = (net: Net, x: string, prefix: string, act: Activation | undefined): string =>
  act === undefined ? x : act(net, x, `${prefix}.act`);

/** Returns weight and bias as an affine. */
export function weightAndBias({ weights }: Net, prefix: string, channels: number): ChannelAffine {
  const weight = weights.take(`${prefix}.weight`, [channels]);
  const bias = weights.take(`${prefix}.bias`, [channels]);
  return () => ({ scale: Float64Array.from(weight.read()), shift: Float64Array.from(bias.read()) });
}

/** Reads the one keyword argument that every norm has. */
export const withEps = (eps: number) => object<{ eps: number }>({ eps: optional(number(0), eps) });

/** Adds a checkpoint vector as a constant that broadcasts over a map. */
export function perChannel({ graph, weights }: Net, prefix: string, part: string, channels: number): string {
  const { read } = weights.take(`${prefix}.${part}`, [channels]);
  return graph.floats(`${prefix}.${part}`, [channels, 1, 1], read);
}

/** Adds √(mean(x²) + eps) over `axes`, kept as dimensions of 1. */
export function rootMeanSquare(
  { graph }: Net,
  x: string,
  prefix: string,
  axes: readonly number[],
  eps: number,
): string {
  const squared = graph.add(`${prefix}.squared`, 'Mul', [x, x]);
  const mean = graph.add(`${prefix}.mean_square`, 'ReduceMean', [squared], {
    axes: ints(...axes),
    keepdims: int(1),
  });
  const shifted = graph.add(`${prefix}.mean_square.eps`, 'Add', [mean, graph.scalar(`${prefix}.eps`, eps)]);
  return graph.add(`${prefix}.rms`, 'Sqrt', [shifted]);
}
