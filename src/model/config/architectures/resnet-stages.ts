import { type BlockInit, type ByoModelCfg, block } from '../byo-cfg.js';

/** The number of blocks in each of four stages. */
export type Depths = readonly [number, number, number, number];

/** The bottleneck stages of ResNet-50 and similar networks. */
export function resNetStages([d1, d2, d3, d4]: Depths, rest: Partial<BlockInit> = {}): ByoModelCfg['blocks'] {
  return [
    block({ type: 'bottle', d: d1, c: 256, s: 1, br: 0.25, ...rest }),
    block({ type: 'bottle', d: d2, c: 512, s: 2, br: 0.25, ...rest }),
    block({ type: 'bottle', d: d3, c: 1024, s: 2, br: 0.25, ...rest }),
    block({ type: 'bottle', d: d4, c: 2048, s: 2, br: 0.25, ...rest }),
  ];
}
