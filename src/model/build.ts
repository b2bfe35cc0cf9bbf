import { ModelError } from '../errors.js';
import type { Graph, GraphValue } from '../graph.js';
import { roundHalfEven } from '../rounding.js';
import type { Tensor } from '../tensor.js';
import { BLOCKS } from './blocks/registry.js';
import type { ByoModelCfg } from './config/byo-cfg.js';
import { GraphBuilder } from './graph-builder.js';
import { checkImageSize } from './image-size.js';
import { addInput, type Normalization } from './input.js';
import { convNormAct } from './layers/conv-norm-act.js';
import { HEADS } from './layers/head.js';
import { layersOf, lookup } from './layers/layers.js';
import type { FeatureMap, Net } from './layers/net.js';
import { buildStem, STEM_POOLS, STEMS } from './layers/stem.js';
import { addOutput, type NetworkValues, type OutputRequest } from './outputs.js';
import { stageSpecs } from './stages.js';
import { Weights } from './weights.js';

/** What to build. */
export interface BuildRequest extends Normalization {
  readonly cfg: ByoModelCfg;
  readonly numClasses: number; // 0: no classifier
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
 *
 * @param tensors the checkpoint's tensors under timm's names
 * @param where the checkpoint's path or name, for errors
 * @throws ModelError when the checkpoint does not fit the configuration tensor by tensor, the image size cannot be
 *   tiled, or an output does not exist
 */
export function buildModel(
  request: BuildRequest,
  tensors: ReadonlyMap<string, Tensor>,
  where: string,
): BuiltModel {
  const { cfg } = request;
  checkImageSize(cfg, request.height, request.width);
  const net: Net = { graph: new GraphBuilder(), weights: new Weights(tensors, where) };
  const { input, x } = addInput(net, request);
  const { stages, last } = buildBackbone(net, x, cfg);
  const head = lookup('head_type', HEADS, cfg.head_type)(net, last, request.numClasses);
  net.weights.assertAllTaken();
  const outputs = request.outputs.map((output) => addOutput(net, output, { stages, last, head }));
  return {
    graph: net.graph.build('halonet', [input], outputs),
    shapes: Object.fromEntries(outputs.map(({ name, shape }) => [name, perImage(shape)])),
  };
}

function buildBackbone(net: Net, x: FeatureMap, cfg: ByoModelCfg): Omit<NetworkValues, 'head'> {
  const layers = layersOf(cfg);
  const stemChs = lookup('stem_type', STEMS, cfg.stem_type)(roundHalfEven(cfg.stem_chs * cfg.width_factor));
  const pool = cfg.stem_pool === '' ? undefined : lookup('stem_pool', STEM_POOLS, cfg.stem_pool);
  const stem = buildStem(net, layers, x, stemChs, pool);
  const stages = [stem.feature];
  let map = stem.out;
  for (const specs of stageSpecs(cfg)) {
    // A map is a feature where the next stage strides away from it.
    if (specs[0]?.stride !== 1) stages.push(map);
    for (const spec of specs) map = lookup('blocks.type', BLOCKS, spec.cfg.type).build(net, map, spec);
  }
  if (cfg.num_features > 0) {
    const outChs = roundHalfEven(cfg.num_features * cfg.width_factor);
    map = convNormAct(net, layers, map, 'final_conv', { outChs, kernel: 1, act: layers.act });
  }
  return { stages: [...stages, map], last: map };
}

function perImage(shape: GraphValue['shape']): readonly number[] {
  return shape.slice(1).map((size) => {
    if (typeof size !== 'number') throw new ModelError(`output dimension ${size} is not fixed`);
    return size;
  });
}
