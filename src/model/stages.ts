import { ModelError } from '../errors.js';
import { makeDivisible } from '../rounding.js';
import type { BlockSpec } from './blocks/block.js';
import type { ByoBlockCfg, ByoModelCfg } from './config/byo-cfg.js';
import type { NetworkConfig } from './config/network.js';
import { ifGiven, integer, number, object, optional, string } from './fields.js';
import { layersOf } from './layers/layers.js';

/** The blocks of a stage, one spec per block. */
export interface StageSpec {
  readonly blocks: readonly BlockSpec[];
  readonly strides: boolean; // whether it is configured to stride, even if dilated instead: the map before it is then a feature
}

// Keyword arguments of a block that override its configuration, as in timm; a group size of null is one group.
const readOverrides = object({
  downsample: ifGiven(string),
  bottle_ratio: ifGiven(number(1e-3, 1000)),
  group_size: ifGiven(optional(integer(0, 65_536), 0)),
});

const MAX_BLOCKS = 4096; // forty times as many as timm's deepest network has

/**
 * Expands the depths of stages into blocks (timm's `create_byob_stages`). If the network's stride would exceed
 * `outputStride`, a stage dilates instead.
 *
 * @param stemStride reduction of the stem's output
 * @throws ModelError for an unknown layer or keyword argument, or an implausible number of blocks
 */
export function stageSpecs(
  { cfg, outputStride, source }: NetworkConfig,
  stemStride: number,
): readonly StageSpec[] {
  const depth = cfg.blocks.flat().reduce((sum, { d }) => sum + d, 0);
  if (depth > MAX_BLOCKS) {
    throw new ModelError(`${source}: model_cfg.blocks: ${depth} blocks; at most ${MAX_BLOCKS} are built`);
  }
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
      const prefix = `stages.${stageIndex}.${blockIndex}`;
      const spec = blockSpec(cfg, blockCfg, {
        prefix,
        where: `${source}: ${prefix}`,
        stride: blockIndex === 0 ? stride : 1, // only the first block of a stage strides
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
  place: Pick<BlockSpec, 'prefix' | 'where' | 'stride' | 'dilation'>,
): BlockSpec {
  const { downsample, bottle_ratio, group_size, ...kwargs } = blockCfg.block_kwargs ?? cfg.block_kwargs;
  const given = readOverrides({ downsample, bottle_ratio, group_size }, `${place.where}: block_kwargs`);
  return {
    ...place,
    type: blockCfg.type,
    outChs: makeDivisible(blockCfg.c * cfg.width_factor),
    groupSize: given.group_size ?? blockCfg.gs,
    bottleRatio: given.bottle_ratio ?? blockCfg.br,
    downsample: given.downsample ?? cfg.downsample,
    kwargs,
    layers: layersOf(cfg, place.where, blockCfg),
  };
}
