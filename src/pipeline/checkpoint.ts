import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HalonetError, ModelError } from '../errors.js';
import { parseSafetensors } from '../formats/safetensors.js';
import { fetchFromHub, type HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { ARCHITECTURES, defaultTag } from '../model/config/architectures/index.js';
import { type ModelConfig, parseModelConfig } from '../model/config/parse.js';
import type { Tensor } from '../tensor.js';
import { DEMO_MODEL_FOLDER } from './package-files.js';

/** A checkpoint in memory: the weights under timm's names, and how they are meant to be used. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly weightsPath: string;
}

export interface CheckpointOptions {
  readonly hub: HubSettings;
  readonly onDownload?: (progress: HubProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

const WEIGHTS = 'model.safetensors';
const CONFIG = 'config.json';
const HUB_PREFIX = /^(?:timm\/|hf[-_]hub:(?:timm\/)?)/;

/**
 * Finds and reads the checkpoint that `model` names: `demo`; a path to a `.safetensors` file with its `config.json`
 * beside it, or to a folder that holds both; or a timm name (`halonet50ts.a1h_in1k`, `halonet50ts`,
 * `timm/halonet50ts.a1h_in1k`), from the hub or its cache.
 *
 * @throws ModelError when there is no such model or its config is not valid
 * @throws FormatError when the safetensors file is damaged
 * @throws HubError when it has to be downloaded and cannot be
 */
export async function loadCheckpoint(model: string, options: CheckpointOptions): Promise<Checkpoint> {
  const { weights, config } = await locate(model, options);
  const parsed = parseModelConfig(await read(config, 'utf8'), config);
  return {
    config: parsed,
    tensors: parseSafetensors(await read(weights), weights),
    weightsPath: weights,
  };
}

interface Location {
  readonly weights: string;
  readonly config: string;
}

async function locate(model: string, options: CheckpointOptions): Promise<Location> {
  if (model === 'demo') return inFolder(DEMO_MODEL_FOLDER);
  const kind = await kindOf(model);
  if (kind === 'folder') return inFolder(model);
  if (kind === 'file') return { weights: model, config: join(dirname(model), CONFIG) };
  const name = model.replace(HUB_PREFIX, '');
  if (/[\\/]/.test(name) || name.endsWith('.safetensors')) {
    throw new ModelError(`model ${JSON.stringify(model)}: no such file or folder`, {
      hint: `Give a .safetensors file, a folder with ${WEIGHTS} and ${CONFIG}, a timm name, or "demo".`,
    });
  }
  const timmName = withTag(name);
  const files = await fetchFromHub({ repo: `timm/${timmName}`, files: [CONFIG, WEIGHTS] }, options.hub, {
    ...(options.onDownload && { onProgress: options.onDownload }),
    ...(options.signal && { signal: options.signal }),
  });
  return { weights: files[WEIGHTS] ?? '', config: files[CONFIG] ?? '' };
}

function inFolder(folder: string): Location {
  return { weights: join(folder, WEIGHTS), config: join(folder, CONFIG) };
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ModelError(`model ${JSON.stringify(path)}: cannot be read (${message})`, { cause: error });
  }
}

/** A bare architecture stands for its default tag, as in timm. */
function withTag(name: string): string {
  const [architecture = '', tag] = name.split('.', 2);
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) {
    throw new ModelError(`unknown model ${JSON.stringify(name)}`, {
      hint: `Known: demo, ${Object.entries(ARCHITECTURES)
        .map(([key, architecture]) => `${key}.${defaultTag(architecture)}`)
        .join(', ')}, or a path to a checkpoint.`,
    });
  }
  return tag === undefined ? `${architecture}.${defaultTag(known)}` : name;
}

async function read(path: string): Promise<Uint8Array>;
async function read(path: string, encoding: 'utf8'): Promise<string>;
async function read(path: string, encoding?: 'utf8'): Promise<Uint8Array | string> {
  try {
    return await readFile(path, encoding);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing ? 'is missing' : `cannot be read (${(cause as Error).message})`;
    throw new HalonetError(`model: ${basename(path)} ${problem} in ${dirname(path) || '.'}`, {
      hint: `A checkpoint is a safetensors file with timm's ${CONFIG} beside it.`,
      cause,
    });
  }
}
