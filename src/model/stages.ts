import { makeDivisible } from '../rounding.js';
import type { BlockSpec } from './blocks/block.js';
import type { ByoBlockCfg, ByoModelCfg } from './config/byo-cfg.js';
import { integer, number, object, optional, string } from './config/fields.js';
import { layersOf } from './layers/layers.js';

/** The blocks of a stage, one spec per block. */
export interface StageSpec {
  readonly blocks: readonly BlockSpec[];
  readonly strides: boolean; // whether it is configured to stride, dilated or not: the map before it is a feature then
}

// Keyword arguments of a block that take the place of its configuration, as in timm.
const readOverrides = object<Partial<Pick<BlockSpec, 'downsample' | 'bottleRatio' | 'groupSize'>>>({
  downsample: optional(string, undefined),
  bottleRatio: optional(number(1e-3, 1000), undefined),
  groupSize: optional(integer(0), undefined),
});

/**
 * The stages with their depths expanded (timm's `create_byob_stages`). Where the network's stride would go beyond
 * `outputStride`, a stage dilates instead.
 *
 * @param stemStride reduction of the stem's output
 * @param outputStride the largest reduction of a map: 32 leaves the usual five-stage networks as they are
 */
export function stageSpecs(cfg: ByoModelCfg, stemStride: number, outputStride: number): readonly StageSpec[] {
  let netStride = stemStride;
  let dilation = 1;
  return cfg.blocks.map((stage, stageIndex) => {
    const configured = stage[0]?.s ?? 1;
    const dilates = netStride >= outputStride && configured > 1;
    const stride = dilates ? 1 : configured;
    if (dilates) dilation *= configured;
    netStride *= stride;
    let first = dilation <= 2 ? 1 : 2;
    const blocks = stage.flatMap(repeated).map((blockCfg, blockIndex) => {
      const spec = blockSpec(cfg, blockCfg, {
        prefix: `stages.${stageIndex}.${blockIndex}`,
        stride: blockIndex === 0 ? stride : 1, // the first block of a stage strides for all
        dilation: [first, dilation],
      });
      first = dilation;
      return spec;
    });
    return { blocks, strides: configured !== 1 };
  });
}

const repeated = (blockCfg: ByoBlockCfg): readonly ByoBlockCfg[] => new Array(blockCfg.d).fill(blockCfg);

function blockSpec(
  cfg: ByoModelCfg,
  blockCfg: ByoBlockCfg,
  place: Pick<BlockSpec, 'prefix' | 'stride' | 'dilation'>,
): BlockSpec {
  const {
    downsample,
    bottle_ratio: bottleRatio,
    group_size: groupSize,
    ...kwargs
  } = blockCfg.block_kwargs ?? cfg.block_kwargs;
  return {
    ...place,
    type: blockCfg.type,
    outChs: makeDivisible(blockCfg.c * cfg.width_factor),
    ...{ groupSize: blockCfg.gs, bottleRatio: blockCfg.br, downsample: cfg.downsample },
    ...readOverrides({ downsample, bottleRatio, groupSize }, 'block_kwargs'),
    kwargs,
    layers: layersOf(cfg, blockCfg),
  };
}
