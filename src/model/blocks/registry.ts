// src/model/blocks/: residual blocks, one module each

import { basic } from './basic.js';
import type { Block } from './block.js';
import { bottle } from './bottle.js';
import { dark } from './dark.js';
import { edge } from './edge.js';
import { one } from './one.js';
import { rep } from './rep.js';
import { selfAttn } from './self-attn.js';

/** Block types by their names in timm's `ByoBlockCfg.type`. */
export const BLOCKS: Readonly<Record<string, Block>> = {
  basic,
  bottle,
  dark,
  edge,
  rep,
  one,
  self_attn: selfAttn,
};
