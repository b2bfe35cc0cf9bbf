import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import type { HubSettings } from '../hub/settings.js';
import { type TimmName, timmNames } from '../model/config/timm-name.js';
import { configOfTimm, type ModelConfig, parseModelConfig } from '../model/config-file/parse.js';
import { summarize } from '../model/summary.js';
import { blankWeights } from '../model/weights.js';
import { DEMO, findCached, findInFolder, repoOf } from './locate.js';
import { DEMO_MODEL_FOLDER } from './package-files.js';

/** Where a model's weights are: in this package, in the hub's cache, on the hub, or nowhere. */
export type Availability = 'included' | 'cached' | 'download' | 'untrained';

/** A row of the table of models. */
export interface ModelRow {
  readonly name: string; // for --model
  readonly architecture: string;
  readonly parameters: number;
  readonly macs: number; // multiply-accumulates for one image, computed from the graph
  readonly imageSize: readonly [number, number]; // height and width, pixels
  readonly features: number; // of the embedding
  readonly classes: number; // 0: no classifier
  readonly license: string | undefined;
  readonly weights: Availability;
}

/**
 * Lists every known model: the included one and timm's, one row per published checkpoint.
 *
 * @param patterns names to keep: parts of names, or whole names with * and ?; keeps all if empty
 * @throws ModelError if a pattern matches no name
 * @throws HubError if the hub's cache cannot be read
 */
export async function listModels(
  patterns: readonly string[],
  hub: HubSettings,
): Promise<readonly ModelRow[]> {
  const timms = timmNames();
  const matchers = patterns.map(matcher);
  const unmatched = patterns.filter(
    (_, i) => !matchers[i]?.(DEMO) && !timms.some(({ name }) => matchers[i]?.(name)),
  );
  if (unmatched.length > 0) {
    throw new ModelError(`no model matches ${unmatched.join(', ')}`, {
      hint: 'List all models: halonet models',
    });
  }
  const matches = (name: string) => matchers.length === 0 || matchers.some((match) => match(name));
  const rows: Promise<ModelRow>[] = [];
  if (matches(DEMO)) rows.push(demoRow());
  for (const timm of timms) if (matches(timm.name)) rows.push(timmRow(timm, hub));
  return Promise.all(rows);
}

function rowOf(
  name: string,
  config: ModelConfig,
  license: string | undefined,
  weights: Availability,
): ModelRow {
  const { parameters, macs, features } = summarize({ network: config, ...config.pretrained }, blankWeights());
  const { height, width } = config.pretrained;
  return {
    name,
    architecture: config.architecture,
    parameters,
    macs,
    features,
    license,
    imageSize: [height, width],
    classes: config.numClasses,
    weights,
  };
}

async function timmRow(timm: TimmName, hub: HubSettings): Promise<ModelRow> {
  const { published, license } = timm.details;
  const here = published ? await findCached(repoOf(timm), hub) : undefined;
  const weights = here === undefined ? (published ? 'download' : 'untrained') : 'cached';
  return rowOf(timm.name, configOfTimm(timm), license, weights);
}

async function demoRow(): Promise<ModelRow> {
  const { config = '' } = await findInFolder(DEMO_MODEL_FOLDER);
  return rowOf(DEMO, parseModelConfig(await readFile(config, 'utf8'), config), undefined, 'included');
}

/** With * or ?, the whole name must match; otherwise any part of it. */
function matcher(pattern: string): (name: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!/[*?]/.test(wanted)) return (name) => name.includes(wanted);
  const expression = wanted
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const whole = new RegExp(`^${expression}$`);
  return (name) => whole.test(name);
}
