import { makeDivisible } from '../rounding.js';
import type { BlockSpec } from './blocks/block.js';
import type { ByoModelCfg } from './config/byo-cfg.js';
import { layersOf } from './layers/layers.js';

/** The blocks of each stage, one spec per block, depths expanded (timm's `create_byob_stages`). */
export function stageSpecs(cfg: ByoModelCfg): readonly (readonly BlockSpec[])[] {
  return cfg.blocks.map((stage, stageIndex) => {
    const expanded = stage.flatMap((blockCfg) => new Array(blockCfg.d).fill(blockCfg) as (typeof blockCfg)[]);
    return expanded.map((blockCfg, blockIndex) => ({
      prefix: `stages.${stageIndex}.${blockIndex}`,
      cfg: blockCfg,
      outChs: makeDivisible(blockCfg.c * cfg.width_factor),
      stride: blockIndex === 0 ? blockCfg.s : 1, // the first block of a stage strides for all
      downsample: cfg.downsample,
      kwargs: blockCfg.block_kwargs ?? cfg.block_kwargs,
      layers: layersOf(cfg, blockCfg),
    }));
  });
}
