// src/model/layers/norms/: normalisation layers, one module each

import type { Kwargs, NormCfg } from '../../config/byo-cfg.js';
import { lookup } from '../lookup.js';
import { batchnorm } from './batch-norm.js';
import * as evo from './evo-norm.js';
import { frn, frntlu } from './filter-response-norm.js';
import { groupnorm, groupnorm1 } from './group-norm.js';
import { layernorm2d, rmsnorm2d } from './layer-norm.js';
import type { NormFactory, NormLayer } from './norm.js';

/** Norms by their names in timm's `norm_layer` for these networks (timm/layers/create_norm_act.py). */
export const NORMS: Readonly<Record<string, NormFactory>> = {
  batchnorm,
  batchnorm2d: batchnorm,
  groupnorm,
  groupnorm1,
  layernorm2d,
  layernorm2dfp32: layernorm2d,
  rmsnorm2d,
  rmsnorm2dfp32: rmsnorm2d,
  ...evo,
  frn,
  frntlu,
};

/** Returns the norm that a configuration names, with the keyword arguments bound to it. */
export function normOf(cfg: NormCfg, where: string): NormLayer {
  const { type, ...kwargs } = typeof cfg === 'string' ? { type: cfg } : cfg;
  return lookup('norm_layer', NORMS, type)(kwargs, `${where}: norm_layer ${type}`);
}

const plainNorm = (name: string, kwargs: Kwargs = {}): NormLayer =>
  lookup('norm_layer', NORMS, name)(kwargs, name);

// timm's LayerNorm2d without an activation has an eps of 1e-6, unlike the one with an activation.
const plainLayerNorm = plainNorm('layernorm2d', { eps: 1e-6 });

/** Norms without activation, by their names in timm's `get_norm_layer` (timm/layers/create_norm.py). */
export const PLAIN_NORMS: Readonly<Record<string, NormLayer>> = {
  batchnorm: plainNorm('batchnorm'),
  batchnorm2d: plainNorm('batchnorm'),
  groupnorm: plainNorm('groupnorm'),
  groupnorm1: plainNorm('groupnorm1'),
  layernorm2d: plainLayerNorm,
  layernorm2dfp32: plainLayerNorm,
  rmsnorm2d: plainNorm('rmsnorm2d'),
  rmsnorm2dfp32: plainNorm('rmsnorm2d'),
};
