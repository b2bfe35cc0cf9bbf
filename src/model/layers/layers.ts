// src/model/layers/: the layers of blocks; each adds itself to the graph

import type { ByoBlockCfg, ByoModelCfg, Kwargs } from '../config/byo-cfg.js';
import { ACTIVATIONS } from './activation.js';
import { ANTI_ALIAS } from './anti-alias.js';
import { CHANNEL_ATTN } from './channel-attn/registry.js';
import type { ConvLayers } from './conv-norm-act.js';
import { lookup } from './lookup.js';
import type { ChannelAttn, SelfAttn } from './net.js';
import { normOf } from './norms/registry.js';
import { SELF_ATTN_LAYERS } from './self-attn/registry.js';

/** The layers that a configuration names, resolved for one block (timm's `LayerFn`). */
export interface Layers extends ConvLayers {
  readonly attn: ChannelAttn | undefined;
  readonly selfAttn: SelfAttn | undefined;
}

/**
 * Resolves the layers of a block, or of the stem: the model's, overridden by the block's own. As in timm, a block's
 * keyword arguments replace the model's entirely; they are not merged.
 *
 * @param where prefix of error messages
 * @throws ModelError for a name that is in no registry, or keyword arguments that a layer does not accept
 */
export function layersOf(cfg: ByoModelCfg, where: string, blockCfg?: ByoBlockCfg): Layers {
  const attn = blockCfg?.attn_layer ?? cfg.attn_layer;
  const attnKwargs = blockCfg?.attn_kwargs ?? cfg.attn_kwargs;
  const selfAttn = blockCfg?.self_attn_layer ?? cfg.self_attn_layer;
  const selfAttnKwargs = blockCfg?.self_attn_kwargs ?? cfg.self_attn_kwargs;
  return {
    act: lookup('act_layer', ACTIVATIONS, cfg.act_layer),
    norm: normOf(cfg.norm_layer, where),
    antiAlias: cfg.aa_layer === '' ? undefined : lookup('aa_layer', ANTI_ALIAS, cfg.aa_layer),
    attn:
      attn === ''
        ? undefined
        : lookup(
            'attn_layer',
            CHANNEL_ATTN,
            attn,
          )(attnKwargs, placeOf('attn_kwargs', where, blockCfg?.attn_kwargs)),
    selfAttn:
      selfAttn === ''
        ? undefined
        : lookup(
            'self_attn_layer',
            SELF_ATTN_LAYERS,
            selfAttn,
          )(selfAttnKwargs, placeOf('self_attn_kwargs', where, blockCfg?.self_attn_kwargs)),
  };
}

/** Returns the source of arguments: a block without its own uses the model's. */
const placeOf = (field: string, where: string, own: Kwargs | null | undefined): string =>
  own === null || own === undefined ? `${where}: ${field} (of model_cfg)` : `${where}: ${field}`;
