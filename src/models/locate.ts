import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { HubFileMissingError, ModelError } from '../errors.js';
import { fetchFromHub, findInCache, type HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { parseTimmName, type TimmName } from '../model/config/timm-name.js';
import { correction } from '../spelling.js';
import { systemReason } from '../system-reason.js';
import { DEMO_MODEL_FOLDER } from './package-files.js';

/** The files of a model. */
export interface Location {
  readonly weights: string;
  readonly config: string | undefined; // timm's config.json; undefined if there is none
}

export interface LocateOptions {
  readonly hub: HubSettings;
  readonly onDownload?: ((progress: HubProgress) => void) | undefined;
  readonly onNote?: ((note: string) => void) | undefined; // one line for the user: why a download waits
  readonly signal?: AbortSignal | undefined;
}

/** The name of the model that ships with halonet. */
export const DEMO = 'demo';

const CONFIG = 'config.json';

/** The file names of weights in a hub repository or folder, most preferred first. */
const WEIGHTS = ['model.safetensors', 'pytorch_model.bin'] as const;

const HUB_PREFIX = /^hf[-_]hub:/;
const CHECKPOINT = /\.(safetensors|pth|pt|bin|ckpt|tar)$/i;
const FILE = /[\\/]|\.(safetensors|pth|pt|bin|ckpt|tar|onnx|json)$/i;

/** A folder, given as a model, that holds no checkpoint. */
export class NoCheckpointError extends ModelError {
  constructor(folder: string) {
    super(`the folder ${folder} has no checkpoint (${WEIGHTS.join(' or ')})`, {
      hint: 'If the checkpoint has another name, pass the file instead of the folder.',
    });
  }
}

/** A parsed model name: where to look for the model. */
export type ModelName =
  | { readonly kind: 'demo' }
  | { readonly kind: 'file' | 'folder'; readonly path: string }
  | { readonly kind: 'hub'; readonly repo: string } // owner/name
  | { readonly kind: 'timm'; readonly timm: TimmName };

/**
 * Parses a model name: `demo`; a path; a hub repository (`hf-hub:owner/name`); or a timm name
 * (`halonet50ts.a1h_in1k`, `halonet50ts`, `timm/halonet50ts.a1h_in1k`).
 *
 * @throws ModelError if there is no such path or timm model
 */
export async function parseModelName(model: string): Promise<ModelName> {
  if (model === DEMO) return { kind: 'demo' };
  const kind = await kindOf(model);
  if (kind !== undefined) return { kind, path: model };
  if (HUB_PREFIX.test(model)) {
    const repo = model.replace(HUB_PREFIX, '');
    if (/^[^/]+\/[^/]+$/.test(repo)) return { kind: 'hub', repo };
    throw new ModelError(`model ${JSON.stringify(model)}: expected hf-hub:OWNER/NAME`);
  }
  const name = model.replace(/^timm\//, '');
  if (FILE.test(name)) {
    throw new ModelError(`model ${JSON.stringify(model)}: no such file or folder`, {
      hint: `Pass a checkpoint file, a folder with ${WEIGHTS[0]} and ${CONFIG}, a timm name, hf-hub:OWNER/NAME, or demo.`,
    });
  }
  if (correction(name, [DEMO]) !== undefined) {
    throw new ModelError(`unknown model ${JSON.stringify(model)}`, { hint: `Did you mean ${DEMO}?` });
  }
  return { kind: 'timm', timm: parseTimmName(name) };
}

/**
 * Rewrites a model name whose relative paths start in `folder` for use from the working directory.
 * @param folder defaults to the working directory
 */
export async function nameFrom(folder: string | undefined, model: string): Promise<string> {
  if (folder === undefined || model === DEMO) return model;
  const path = resolve(folder, model);
  if ((await kindOf(path)) !== undefined) return path;
  if (HUB_PREFIX.test(model)) return model;
  if (FILE.test(model.replace(/^timm\//, ''))) return path; // a missing file is then reported with this path
  return (await kindOf(model)) === undefined ? model : `timm/${model}`; // must not mean a path that happens to have its name
}

/**
 * Finds the files of a model: for a file, itself and the config.json beside it; for a folder, its contents;
 * otherwise the hub's, cached or downloaded.
 *
 * @throws ModelError if a folder holds no checkpoint, or timm has published none
 * @throws HubError if it must be downloaded and cannot be
 */
export async function locate(model: string, options: LocateOptions): Promise<Location> {
  const name = await parseModelName(model);
  switch (name.kind) {
    case 'demo':
      return findInFolder(DEMO_MODEL_FOLDER);
    case 'file':
      if (!name.path.endsWith('.json')) return { weights: name.path, config: await besides(name.path) };
      throw new ModelError(
        `model ${JSON.stringify(model)}: a config.json describes a network, but has no weights`,
        {
          hint: 'Pass the folder that holds both, or the checkpoint file; halonet inspect takes a config.json alone.',
        },
      );
    case 'folder':
      return findInFolder(name.path);
    case 'hub':
      return fromHub(name.repo, options);
    case 'timm':
      if (name.timm.details.published) return fromHub(repoOf(name.timm), options);
      throw new ModelError(`model ${JSON.stringify(model)}: timm defines it but publishes no weights`, {
        hint: `Train it with timm, then pass the checkpoint file with --architecture ${name.timm.name}`,
      });
  }
}

/** Returns the hub repository of a checkpoint that timm publishes. */
export const repoOf = ({ name }: TimmName): string => `timm/${name}`;

/** Returns a repository's cached files without any request; undefined unless all are cached. */
export async function findCached(repo: string, hub: HubSettings): Promise<Location | undefined> {
  for (const weights of WEIGHTS) {
    const files = await findInCache({ repo, files: [CONFIG, weights] }, hub);
    if (files !== undefined) return { weights: files[weights] ?? '', config: files[CONFIG] };
  }
  return undefined;
}

async function fromHub(repo: string, { hub, onDownload, onNote, signal }: LocateOptions): Promise<Location> {
  const cached = await findCached(repo, hub);
  if (cached !== undefined) return cached;
  const [preferred, other] = WEIGHTS;
  const fetch = async (weights: string): Promise<Location> => {
    const options = { onProgress: onDownload, onNote, signal };
    const files = await fetchFromHub({ repo, files: [CONFIG, weights] }, hub, options);
    return { weights: files[weights] ?? '', config: files[CONFIG] };
  };
  try {
    return await fetch(preferred);
  } catch (error) {
    if (!(error instanceof HubFileMissingError)) throw error;
    return await fetch(other).catch((second) => {
      throw second instanceof HubFileMissingError ? error : second; // report the expected name
    });
  }
}

/** Finds a folder's weights: under one of the hub's names, else its only checkpoint. */
export async function findInFolder(folder: string): Promise<Location> {
  const { config, checkpoints } = await contentsOf(folder);
  const [only] = checkpoints;
  const weights =
    WEIGHTS.find((name) => checkpoints.includes(name)) ?? (checkpoints.length === 1 ? only : undefined);
  if (weights !== undefined) return { weights: join(folder, weights), config };
  if (checkpoints.length === 0) throw new NoCheckpointError(folder);
  throw new ModelError(
    `the folder ${folder} has ${checkpoints.length} checkpoints: ${checkpoints.join(', ')}`,
    { hint: 'Pass one of these files instead of the folder.' },
  );
}

/** Returns the config of a folder without a checkpoint; undefined for any other folder. */
export async function configOfFolder(folder: string): Promise<string | undefined> {
  const { config, checkpoints } = await contentsOf(folder);
  return checkpoints.length === 0 ? config : undefined;
}

async function contentsOf(folder: string) {
  const names = (await readdir(folder)).sort();
  return {
    config: names.includes(CONFIG) ? join(folder, CONFIG) : undefined,
    checkpoints: names.filter((name) => CHECKPOINT.test(name)),
  };
}

/** Returns the config.json beside a checkpoint file, if there is one. */
async function besides(weights: string): Promise<string | undefined> {
  const config = join(dirname(weights), CONFIG);
  return (await kindOf(config)) === 'file' && basename(weights) !== CONFIG ? config : undefined;
}

/** Returns whether a path is a file or a folder; undefined if it does not exist. */
async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ModelError(`cannot read the model ${JSON.stringify(path)}: ${systemReason(error)}`, {
      cause: error,
    });
  }
}
