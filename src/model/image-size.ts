import { ModelError } from '../errors.js';
import { BLOCKS } from './blocks/registry.js';
import type { ByoModelCfg } from './config/byo-cfg.js';
import { lookup } from './layers/layers.js';
import { stageSpecs } from './stages.js';

const STEM_REDUCTION = 4;

/**
 * Checks that the network can take images of this size: halo blocks must tile the maps that they see.
 *
 * @param height,width pixels
 * @throws ModelError that names the nearest sizes that work
 */
export function checkImageSize(cfg: ByoModelCfg, height: number, width: number): void {
  for (const [side, size] of Object.entries({ height, width })) {
    if (fits(cfg, size)) continue;
    const near = nearestSizes(cfg, size);
    throw new ModelError(
      `an image ${side} of ${size} pixels cannot be tiled by the halo blocks of this network`,
      {
        hint:
          near.length > 0
            ? `The nearest multiples of 32 that work: ${near.join(' and ')}.`
            : 'No multiple of 32 works.',
      },
    );
  }
}

function fits(cfg: ByoModelCfg, imageSize: number): boolean {
  let size = Math.ceil(Math.ceil(imageSize / 2) / (STEM_REDUCTION / 2));
  for (const spec of stageSpecs(cfg).flat()) {
    if (!lookup('blocks.type', BLOCKS, spec.cfg.type).fits(spec, size)) return false;
    size = Math.ceil(size / spec.stride);
  }
  return imageSize > 0;
}

/** The nearest multiples of 32, which every stage halves evenly, below and above, where there are any. */
function nearestSizes(cfg: ByoModelCfg, size: number): readonly number[] {
  const search = (step: number): number | undefined => {
    const start = step < 0 ? Math.floor(size / 32) * 32 : Math.ceil(size / 32) * 32;
    for (let candidate = start, tries = 0; candidate > 0 && tries < 256; candidate += step, tries++) {
      if (fits(cfg, candidate)) return candidate;
    }
    return undefined;
  };
  return [search(-32), search(32)].filter((found) => found !== undefined);
}
