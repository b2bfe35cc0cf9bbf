import type { GraphValue } from '../graph.js';
import type { FeatureMap, Net } from './layers/net.js';

/** Normalisation of pixels scaled to 0..1: (pixel − mean) / std for each of R, G, B. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * Adds the graph's input `pixels`, uint8 [batch, height, width, 3] with RGB 0..255, and its normalisation.
 *
 * @returns x [batch, 3, height, width], float32
 */
export function addInput(
  { graph }: Pick<Net, 'graph'>,
  size: { readonly height: number; readonly width: number } & Normalization,
): { readonly input: GraphValue; readonly x: FeatureMap } {
  const { height, width, mean, std } = size;
  const input: GraphValue = { name: 'pixels', dtype: 'uint8', shape: ['batch', height, width, 3] };
  graph.input(input);
  const perChannel = (name: string, values: readonly number[]) =>
    graph.floats(name, [1, 3, 1, 1], () => Float32Array.from(values));
  const planes = graph.transpose('input.planes', 'pixels', [0, 3, 1, 2]); // transposed while elements are single bytes
  const floats = graph.cast('input.float', planes, 'float32');
  const centred = graph.add('input.centred', 'Sub', [
    floats,
    perChannel(
      'input.mean',
      mean.map((m) => 255 * m),
    ),
  ]);
  const x = graph.add('input.normalized', 'Mul', [
    centred,
    perChannel(
      'input.scale',
      std.map((s) => 1 / (255 * s)),
    ),
  ]);
  return {
    input,
    x: { name: x, channels: 3, height, width },
  };
}
