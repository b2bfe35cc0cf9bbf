import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HubFileMissingError, ModelError } from '../errors.js';
import { fetchFromHub, findInCache, type HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { parseTimmName } from '../model/config/timm-name.js';
import { DEMO_MODEL_FOLDER } from './package-files.js';

/** The files of a model. */
export interface Location {
  readonly weights: string;
  readonly config: string | undefined; // timm's config.json; undefined where there is none
}

export interface LocateOptions {
  readonly hub: HubSettings;
  readonly onDownload?: (progress: HubProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The name of the embedded model. */
export const DEMO = 'demo';

export const CONFIG = 'config.json';

/** Names of the weights in a hub repository or folder, the preferred one first. */
export const WEIGHTS = ['model.safetensors', 'pytorch_model.bin'] as const;

const HUB_PREFIX = /^hf[-_]hub:/;
const CHECKPOINT = /\.(safetensors|pth|pt|bin|ckpt|tar)$/;

/**
 * Finds the files that `model` names: `demo`; a checkpoint file, or a folder that holds one; a timm name
 * (`halonet50ts.a1h_in1k`, `halonet50ts`, `timm/halonet50ts.a1h_in1k`) or a hub repository (`hf-hub:owner/name`), from
 * the hub or its cache.
 *
 * @throws ModelError when there is no such model
 * @throws HubError when it has to be downloaded and cannot be
 */
export async function locate(model: string, options: LocateOptions): Promise<Location> {
  if (model === DEMO) return inFolder(DEMO_MODEL_FOLDER);
  const kind = await kindOf(model);
  if (kind === 'folder') return inFolder(model);
  if (kind === 'file') return { weights: model, config: await besides(model) };
  if (HUB_PREFIX.test(model)) return fromHub(model.replace(HUB_PREFIX, ''), options);
  const name = model.replace(/^timm\//, '');
  if (/[\\/]/.test(name) || CHECKPOINT.test(name)) {
    throw new ModelError(`model ${JSON.stringify(model)}: no such file or folder`, {
      hint: `Give a checkpoint file, a folder with ${WEIGHTS[0]} and ${CONFIG}, a timm name, hf-hub:owner/name, or "demo".`,
    });
  }
  const { name: timmName, details } = parseTimmName(name);
  if (!details.published) {
    throw new ModelError(`model ${JSON.stringify(model)}: timm defines it but publishes no weights`, {
      hint: `Train it with timm and give the checkpoint: --model FILE --architecture ${timmName}.`,
    });
  }
  return fromHub(`timm/${timmName}`, options);
}

async function fromHub(repo: string, { hub, onDownload, signal }: LocateOptions): Promise<Location> {
  const requests = WEIGHTS.map((weights) => ({ repo, files: [CONFIG, weights], weights }));
  const located = (files: Readonly<Record<string, string>>, weights: string): Location => ({
    weights: files[weights] ?? '',
    config: files[CONFIG],
  });
  for (const request of requests) {
    const files = await findInCache(request, hub);
    if (files !== undefined) return located(files, request.weights);
  }
  const fetch = async (request: (typeof requests)[number]) =>
    located(
      await fetchFromHub(request, hub, {
        ...(onDownload && { onProgress: onDownload }),
        ...(signal && { signal }),
      }),
      request.weights,
    );
  const [preferred, other] = requests as [(typeof requests)[number], (typeof requests)[number]];
  try {
    return await fetch(preferred);
  } catch (error) {
    if (!(error instanceof HubFileMissingError)) throw error;
    return await fetch(other).catch((second) => {
      throw second instanceof HubFileMissingError ? error : second; // the one whose name is to be expected
    });
  }
}

/** A folder's weights: under one of the names of the hub, else its only checkpoint. */
export async function inFolder(folder: string): Promise<Location> {
  const names = await readdir(folder);
  const config = names.includes(CONFIG) ? join(folder, CONFIG) : undefined;
  const preferred = WEIGHTS.find((name) => names.includes(name));
  if (preferred !== undefined) return { weights: join(folder, preferred), config };
  const checkpoints = names.filter((name) => CHECKPOINT.test(name));
  const [only] = checkpoints;
  if (checkpoints.length === 1 && only !== undefined) return { weights: join(folder, only), config };
  const found =
    checkpoints.length === 0
      ? 'no checkpoint'
      : `${checkpoints.length} checkpoints: ${checkpoints.join(', ')}`;
  throw new ModelError(`model ${JSON.stringify(folder)}: the folder has ${found}`, {
    hint: `Expected ${WEIGHTS.join(' or ')} in it; name another file itself.`,
  });
}

/** The config.json beside a checkpoint file, where there is one. */
async function besides(weights: string): Promise<string | undefined> {
  const config = join(dirname(weights), CONFIG);
  return (await kindOf(config)) === 'file' && basename(weights) !== CONFIG ? config : undefined;
}

/** What stands at a path; undefined for nothing. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ModelError(`model ${JSON.stringify(path)}: cannot be read (${message})`, { cause: error });
  }
}
