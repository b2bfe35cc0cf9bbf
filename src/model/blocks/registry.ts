import type { Block } from './block.js';
import { bottle } from './bottle.js';
import { selfAttn } from './self-attn.js';

/** Block types by the names that timm's `ByoBlockCfg.type` takes. */
export const BLOCKS: Readonly<Record<string, Block>> = { bottle, self_attn: selfAttn };
