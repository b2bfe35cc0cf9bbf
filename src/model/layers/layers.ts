import { ModelError } from '../../errors.js';
import type { ByoBlockCfg, ByoModelCfg } from '../config/byo-cfg.js';
import { ACTIVATIONS, type Activation } from './activation.js';
import type { SelfAttn } from './net.js';
import { NORMS } from './norm.js';
import { SELF_ATTN_LAYERS } from './self-attn.js';

/** The layers that a configuration names, resolved for one block (timm's `LayerFn`). */
export interface Layers {
  readonly act: Activation;
  readonly norm: (typeof NORMS)[string];
  readonly selfAttn: SelfAttn | undefined;
}

/**
 * The layers of a block: the model's, with the block's own in their place. As in timm, keyword arguments of
 * the block replace the model's whole; they are not merged.
 *
 * @throws ModelError for a name that no registry has
 */
export function layersOf(cfg: ByoModelCfg, blockCfg?: ByoBlockCfg): Layers {
  const selfAttn = blockCfg?.self_attn_layer ?? cfg.self_attn_layer;
  const kwargs = blockCfg?.self_attn_kwargs ?? cfg.self_attn_kwargs;
  return {
    act: lookup('act_layer', ACTIVATIONS, cfg.act_layer),
    norm: lookup('norm_layer', NORMS, cfg.norm_layer),
    selfAttn:
      selfAttn === ''
        ? undefined
        : lookup('self_attn_layer', SELF_ATTN_LAYERS, selfAttn)(kwargs, 'self_attn_kwargs'),
  };
}

/** The entry of a registry, or a ModelError that lists what it has. */
export function lookup<T>(field: string, registry: Readonly<Record<string, T>>, name: string): T {
  const entry = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (entry === undefined) {
    throw new ModelError(`model_cfg.${field}: unknown value ${JSON.stringify(name)}`, {
      hint: `Known: ${Object.keys(registry).join(', ')}.`,
    });
  }
  return entry;
}
