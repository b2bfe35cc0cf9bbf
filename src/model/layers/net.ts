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

/** A normalisation at inference: y = scale · x + shift for each channel. */
export interface ChannelAffine {
  readonly scale: Float64Array; // [channels]
  readonly shift: Float64Array; // [channels]
}

/** A spatial self-attention layer, its keyword arguments checked. */
export interface SelfAttn {
  /** Height and width of the input must be multiples of this. */
  readonly tile: number;
  /**
   * Adds the layer and the channel-wise affine that follows it.
   *
   * @param x [batch, C, H, W]
   * @param stride 1 or 2
   * @param after the affine, folded into the layer; undefined for none
   * @returns [batch, C, H / stride, W / stride]
   */
  build(
    net: Net,
    x: FeatureMap,
    prefix: string,
    stride: number,
    after: ChannelAffine | undefined,
  ): FeatureMap;
}
