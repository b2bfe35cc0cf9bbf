import { ModelError } from '../errors.js';
import { makeDivisible } from '../rounding.js';
import type { BlockSpec } from './blocks/block.js';
import type { ByoModelCfg } from './config/byo-cfg.js';
import { layersOf } from './layers/layers.js';

const STEM_STRIDE = 4;
const OUTPUT_STRIDE = 32;

/**
 * The blocks of each stage, one spec per block, depths expanded (timm's `create_byob_stages`).
 *
 * @throws ModelError when the strides go beyond 32 in all: timm would dilate instead
 */
export function stageSpecs(cfg: ByoModelCfg): readonly (readonly BlockSpec[])[] {
  const stride = cfg.blocks.reduce((total, [first]) => total * (first?.s ?? 1), STEM_STRIDE);
  if (stride > OUTPUT_STRIDE) {
    throw new ModelError(
      `model_cfg.blocks: a total stride of ${stride}; this version goes up to ${OUTPUT_STRIDE}`,
    );
  }
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
