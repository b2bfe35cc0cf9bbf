// src/model/: a configuration and weights to a graph

import { ModelError } from '../errors.js';
import type { Graph, GraphValue } from '../graph.js';
import { roundHalfEven } from '../rounding.js';
import type { Tensor } from '../tensor.js';
import { BLOCKS } from './blocks/registry.js';
import type { NetworkConfig } from './config/network.js';
import { GraphBuilder } from './graph-builder.js';
import { withSizeAdvice } from './image-size.js';
import { addInput, type Normalization } from './input.js';
import { ACTIVATIONS } from './layers/activation.js';
import { convNormAct } from './layers/conv-norm-act.js';
import { HEADS } from './layers/heads/registry.js';
import { layersOf } from './layers/layers.js';
import { lookup } from './layers/lookup.js';
import type { FeatureMap, Net } from './layers/net.js';
import {
  addOutput,
  type Feature,
  type NetworkValues,
  networkOutputs,
  type OutputRequest,
} from './outputs.js';
import { stageSpecs } from './stages.js';
import { STEM_POOLS, STEMS } from './stem.js';
import { CheckpointWeights, type Weights } from './weights.js';

/** What to build. */
export interface BuildRequest extends Normalization {
  readonly network: NetworkConfig;
  readonly height: number; // pixels
  readonly width: number; // pixels
  readonly outputs: readonly OutputRequest[];
}

/** A graph, with the shape of each output for one image (without the batch dimension). */
export interface BuiltModel {
  readonly graph: Graph;
  readonly shapes: Readonly<Record<string, readonly number[]>>; // by output name
}

/**
 * Builds the inference graph of a network (timm's `ByobNet`) from a checkpoint.
 *
 * The graph takes `pixels`, uint8 [batch, height, width, 3], and holds only what the requested outputs need.
 * Weights are computed when the graph's constants are read.
 *
 * @param tensors the checkpoint's tensors under timm's names
 * @param where the checkpoint's path or name, for errors
 * @throws ModelError if the checkpoint does not fit the configuration tensor by tensor, the network does not
 *   support images of this size, or an output does not exist
 */
export function buildModel(
  request: BuildRequest,
  tensors: ReadonlyMap<string, Tensor>,
  where: string,
): BuiltModel {
  const weights = new CheckpointWeights(tensors, where);
  const network = buildNetwork(request, weights);
  weights.assertAllTaken();
  const source = networkOutputs(network.values);
  const outputs = request.outputs.map((output) => addOutput(network.net.graph, output, source));
  return {
    graph: network.net.graph.build('halonet', [network.input], outputs),
    shapes: Object.fromEntries(outputs.map(({ name, shape }) => [name, perImage(shape)])),
  };
}

/** A network as values of a graph, before outputs are chosen. */
export interface BuiltNetwork {
  readonly net: Net;
  readonly input: GraphValue;
  readonly values: NetworkValues;
  readonly parts: readonly Feature[]; // the stem, each stage and the final convolution, by their outputs
}

/**
 * Builds the whole network.
 *
 * @throws ModelError as {@link buildModel}, except for outputs and unused tensors
 */
export function buildNetwork(request: Omit<BuildRequest, 'outputs'>, weights: Weights): BuiltNetwork {
  return withConfigSource(request.network.source, () =>
    withSizeAdvice(request, (size) => {
      const net: Net = { graph: new GraphBuilder(), weights };
      const { input, x } = addInput(net, { ...request, ...size });
      return { net, input, ...addNetwork(net, x, request.network) };
    }),
  );
}

const PLACE = /^(stem|stages|final_conv|head|model_cfg)\b/; // in the network, by timm's names

/** Adds the source of the configuration to errors: layers only know their place in the network. */
function withConfigSource<T>(source: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof ModelError) || !PLACE.test(error.message)) throw error;
    throw new ModelError(`${source}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  }
}

function addNetwork(net: Net, x: FeatureMap, network: NetworkConfig): Omit<BuiltNetwork, 'net' | 'input'> {
  const { cfg, numClasses, globalPool } = network;
  const { stages, parts, last } = addBackbone(net, x, network);
  const trained = (side: number) => Math.floor(side / last.reduction);
  const head = lookup('head_type', HEADS, cfg.head_type)(net, last, {
    where: network.source,
    numClasses,
    globalPool,
    hiddenSize: cfg.head_hidden_size,
    norm: cfg.norm_layer,
    act: lookup('act_layer', ACTIVATIONS, cfg.act_layer),
    trainedSize: { height: trained(network.trainedSize.height), width: trained(network.trainedSize.width) },
  });
  return { values: { stages, last, head }, parts };
}

function addBackbone(net: Net, x: FeatureMap, network: NetworkConfig) {
  const { cfg, source } = network;
  const stem = addStem(net, x, network);
  const stages = stem.before === undefined ? [] : [stem.before];
  const parts = [{ ...stem.out, module: 'stem' }];
  let map: Feature = stem.out;
  for (const [i, { blocks, strides }] of stageSpecs(network, stem.out.reduction).entries()) {
    if (strides) stages.push(map);
    const out = blocks.reduce(
      (y: FeatureMap, spec) => lookup('blocks.type', BLOCKS, spec.type)(net, y, spec),
      map,
    );
    map = { ...out, reduction: map.reduction * (blocks[0]?.stride ?? 1), module: `stages.${i}` };
    parts.push(map);
  }
  if (cfg.num_features > 0) {
    const outChs = roundHalfEven(cfg.num_features * cfg.width_factor);
    const conv = convNormAct(net, layersOf(cfg, source), map, 'final_conv', { outChs, kernel: 1 });
    map = { ...map, ...conv, module: 'final_conv' };
    parts.push(map);
  }
  const last = { ...map, module: 'final_conv' }; // timm's name for the last feature, with or without a final convolution
  return { stages: [...stages, last], parts, last };
}

function addStem(net: Net, x: FeatureMap, { cfg, source }: NetworkConfig) {
  const widened = (chs: number) => roundHalfEven(chs * cfg.width_factor);
  const given = cfg.stem_chs === 0 ? (cfg.blocks[0]?.[0]?.c ?? 0) : cfg.stem_chs;
  const chs = typeof given === 'number' ? widened(given) : given.map(widened);
  const pool = cfg.stem_pool === '' ? undefined : lookup('stem_pool', STEM_POOLS, cfg.stem_pool);
  const layers = { ...layersOf(cfg, source), antiAlias: undefined }; // timm uses no anti-aliasing in the stem
  return lookup('stem_type', STEMS, cfg.stem_type)(net, layers, x, { chs, pool });
}

function perImage(shape: GraphValue['shape']): readonly number[] {
  return shape.slice(1).map((size) => {
    if (typeof size !== 'number') throw new ModelError(`output dimension ${size} is not fixed`);
    return size;
  });
}
