import { ModelError } from '../../errors.js';
import type { GraphBuilder } from '../graph-builder.js';
import type { Weights } from '../weights.js';

/** What a layer needs to build itself: the checkpoint it reads and the graph it adds to. */
export interface Net {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
}

/** A value of the graph of shape [batch, channels, height, width]. */
export interface FeatureMap {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Wraps a value of the graph as a feature map. */
export function featureMap({ graph }: Net, name: string): FeatureMap {
  const [, channels = 0, height = 0, width = 0] = graph.shapeOf(name);
  if (height < 1 || width < 1) {
    throw new MapSizeError(`${name}: nothing is left of the image: a map of ${height}×${width}`);
  }
  return { name, channels, height, width };
}

/**
 * The error for an image size that a layer does not support: its feature map cannot be tiled, or has another size
 * than in training.
 */
export class MapSizeError extends ModelError {}

/** y = scale · x + shift for each channel, computed in float64. */
export type ChannelAffine = () => {
  readonly scale: Float64Array; // [channels]
  readonly shift: Float64Array; // [channels]
};

/** Adds a channel-wise affine as an operator of its own. */
export function channelAffine({ graph }: Net, x: string, name: string, affine: ChannelAffine): string {
  const channels = graph.shapeOf(x)[1] ?? 0;
  const vector = (part: string, values: () => ArrayLike<number>) =>
    graph.floats(`${name}.${part}`, [channels, 1, 1], () => Float32Array.from(values()));
  const scaled = graph.add(`${name}.scaled`, 'Mul', [x, vector('scale', () => affine().scale)]);
  return graph.add(name, 'Add', [scaled, vector('shift', () => affine().shift)]);
}

/** A spatial self-attention layer with checked keyword arguments. */
export interface SelfAttn {
  /**
   * Adds the layer and the channel-wise affine that follows it.
   *
   * @param x [batch, C, H, W]
   * @param stride 1 or 2
   * @param after the affine, folded into the layer if possible; undefined for none
   * @returns [batch, C, H / stride, W / stride], rounded down
   * @throws MapSizeError if the layer does not support a map of this size
   */
  build(
    net: Net,
    x: FeatureMap,
    prefix: string,
    stride: number,
    after: ChannelAffine | undefined,
  ): FeatureMap;
}

/** A channel (or light spatial) attention layer with checked keyword arguments; it keeps the shape of its map. */
export interface ChannelAttn {
  build(net: Net, x: FeatureMap, prefix: string): FeatureMap;
}
