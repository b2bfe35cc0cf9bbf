import { readFile } from 'node:fs/promises';
import { findInCache } from '../hub/hub.js';
import { type ModelConfig, parseModelConfig, readModelConfig } from '../model/config/parse.js';
import { parseTimmName } from '../model/config/timm-name.js';
import { type NetworkSummary, summarize } from '../model/summary.js';
import { blankWeights, CheckpointWeights } from '../model/weights.js';
import type { DType } from '../tensor.js';
import { type CheckpointOptions, loadCheckpoint } from './checkpoint.js';
import { CONFIG, DEMO, kindOf, WEIGHTS } from './locate.js';

/** What is known of a model. */
export interface Inspection {
  readonly config: ModelConfig;
  readonly imageSize: { readonly height: number; readonly width: number }; // that the figures are for, pixels
  readonly summary: NetworkSummary;
  readonly checkpoint: CheckpointSummary | undefined; // undefined: the weights are not here, the network is known without
}

/** The weights of a model. */
export interface CheckpointSummary {
  readonly path: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly dtypes: readonly DType[];
}

export interface InspectOptions extends CheckpointOptions {
  readonly imageSize?: { readonly height: number; readonly width: number } | undefined;
}

/**
 * Measures a model without running it. A checkpoint that is here is held against its network tensor by tensor; a timm name
 * that is not in the cache is not downloaded, and a config.json of a network needs no weights.
 *
 * @throws ModelError when there is no such model, or its checkpoint does not fit
 */
export async function inspectModel(model: string, options: InspectOptions): Promise<Inspection> {
  const known = await configAlone(model, options);
  if (known !== undefined) return inspection(known, options, undefined);
  const { config, tensors, weightsPath } = await loadCheckpoint(model, options);
  const weights = new CheckpointWeights(tensors, weightsPath);
  const all = [...tensors.values()];
  const result = inspection(config, options, weights, {
    path: weightsPath,
    tensors: all.length,
    bytes: all.reduce((sum, { data }) => sum + data.byteLength, 0),
    dtypes: [...new Set(all.map(({ dtype }) => dtype))],
  });
  weights.assertAllTaken();
  return result;
}

function inspection(
  config: ModelConfig,
  options: InspectOptions,
  weights: CheckpointWeights | undefined,
  checkpoint?: CheckpointSummary,
): Inspection {
  const { height, width } = options.imageSize ?? config.pretrained;
  const request = { network: config, ...config.pretrained, height, width };
  const summary = summarize(request, weights ?? blankWeights());
  return { config, imageSize: { height, width }, summary, checkpoint };
}

/** The config of a model whose weights are not needed: a config file, or a timm name that is not in the cache. */
async function configAlone(model: string, { hub }: InspectOptions): Promise<ModelConfig | undefined> {
  const kind = await kindOf(model);
  if (kind === 'file' && model.endsWith('.json'))
    return parseModelConfig(await readFile(model, 'utf8'), model);
  if (kind !== undefined || model === DEMO || /[\\/:]/.test(model.replace(/^timm\//, ''))) return undefined;
  const { name, architecture, tag } = parseTimmName(model.replace(/^timm\//, ''));
  for (const weights of WEIGHTS) {
    if (await findInCache({ repo: `timm/${name}`, files: [CONFIG, weights] }, hub)) return undefined;
  }
  return readModelConfig({ architecture, pretrained_cfg: { tag } }, name);
}
