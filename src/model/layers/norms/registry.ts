import type { NormCfg } from '../../config/byo-cfg.js';
import { lookup } from '../lookup.js';
import { batchnorm } from './batch-norm.js';
import * as evo from './evo-norm.js';
import { frn, frntlu } from './filter-response-norm.js';
import { groupnorm, groupnorm1 } from './group-norm.js';
import { layernorm2d, rmsnorm2d } from './layer-norm.js';
import type { NormFactory, NormLayer } from './norm.js';

/** Norms by the names that timm's `norm_layer` takes in these networks (timm/layers/create_norm_act.py). */
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

/** The norm that a configuration names, with the keyword arguments bound to it. */
export function normOf(cfg: NormCfg): NormLayer {
  const { type, ...kwargs } = typeof cfg === 'string' ? { type: cfg } : cfg;
  return lookup('norm_layer', NORMS, type)(kwargs, `norm_layer ${type}`);
}
