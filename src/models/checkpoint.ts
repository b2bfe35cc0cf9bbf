import { open, readFile } from 'node:fs/promises';
import { FormatError, HalonetError, ModelError } from '../errors.js';
import { foreignFile, looksLikeSafetensors } from '../formats/foreign-file.js';
import { isPyTorch, parsePyTorch } from '../formats/pytorch/parse-pytorch.js';
import { parseSafetensors } from '../formats/safetensors.js';
import type { ByoModelCfg } from '../model/config/byo-cfg.js';
import { parseTimmName } from '../model/config/timm-name.js';
import { type ModelConfig, parseModelConfig, readModelConfig } from '../model/config-file/parse.js';
import { visualTensors } from '../model/openai-clip.js';
import { readFully } from '../read-fully.js';
import { systemReason } from '../system-reason.js';
import type { Tensor } from '../tensor.js';
import { type LocateOptions, locate } from './locate.js';

/** A checkpoint in memory: the weights under timm's names, and how they are meant to be used. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly weightsPath: string;
  readonly stateDict: string | undefined; // the dict of a training checkpoint that was used, such as state_dict_ema
}

export interface CheckpointOptions extends LocateOptions {
  /** timm's name of the architecture, with or without a tag, to use instead of a config.json. */
  readonly architecture?: string | undefined;
}

/**
 * Finds and reads the checkpoint that `model` names, as {@link locate} does. Its network is the given architecture,
 * else that of the config.json beside it, else the one that timm's training script recorded in it.
 *
 * @throws ModelError if there is no such model, its config is invalid, or nothing tells its architecture
 * @throws FormatError if the weights are damaged, or are neither safetensors nor a PyTorch checkpoint
 * @throws HubError if it must be downloaded and cannot be
 */
export async function loadCheckpoint(model: string, options: CheckpointOptions): Promise<Checkpoint> {
  const { weights, config: file } = await locate(model, options);
  const contents = await readWeights(await readBytes(weights), weights);
  const config = await readConfig(contents, weights, file, options);
  return {
    config,
    tensors: visualTensors(contents.tensors, config.cfg),
    weightsPath: weights,
    stateDict: contents.key,
  };
}

interface Contents {
  readonly key?: string | undefined;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly arch: string | undefined; // as timm's training script writes it
  readonly args: Readonly<Record<string, unknown>>;
}

const HEAD_BYTES = 64;

async function readWeights(file: Uint8Array, where: string): Promise<Contents> {
  const head = file.subarray(0, HEAD_BYTES);
  if (isPyTorch(head)) return parsePyTorch(file, where);
  if (!looksLikeSafetensors(head)) throw foreignFile(head, where);
  return { tensors: parseSafetensors(file, where), arch: undefined, args: {} };
}

async function readConfig(
  contents: Contents,
  weights: string,
  config: string | undefined,
  { architecture }: CheckpointOptions,
): Promise<ModelConfig> {
  if (architecture !== undefined) return configOf(architecture, contents, '--architecture');
  if (config !== undefined) return parseModelConfig(await readText(config), config);
  if (contents.arch !== undefined) return configOf(contents.arch, contents, weights);
  throw new ModelError(`${weights}: cannot tell which architecture these weights belong to`, {
    hint: 'Put its config.json beside it, or pass the timm architecture, for example --architecture halonet50ts.',
  });
}

/** Returns the config of a timm architecture, with the checkpoint's own classes and training settings. */
function configOf(name: string, { tensors, args }: Contents, where: string): ModelConfig {
  const { architecture, tag, cfg } = parseTimmName(name, where);
  const { img_size: side, input_size: size, gp, in_chans, model_kwargs, ...settings } = args;
  const inputSize = size ?? (typeof side === 'number' ? [3, side, side] : undefined);
  const given = Object.entries({ ...settings, input_size: inputSize }).filter(([, value]) => value !== '');
  return readModelConfig(
    {
      architecture,
      num_classes: classesOf(tensors, cfg),
      model_args: { global_pool: gp, in_chans, ...(model_kwargs as object | undefined) },
      pretrained_cfg: { ...Object.fromEntries(given), tag },
    },
    where,
  );
}

/** Returns the number of rows of the classifier; 0 if there is none. */
function classesOf(tensors: ReadonlyMap<string, Tensor>, cfg: ByoModelCfg): number {
  const named = visualTensors(tensors, cfg);
  return (named.get('head.fc.weight') ?? named.get('head.proj.weight'))?.shape[0] ?? 0;
}

/** @throws HalonetError if it cannot be read */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/** Reads a whole file of any size. */
async function readBytes(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const bytes = new Uint8Array((await file.stat()).size);
    if ((await readFully(file, bytes, 0)) < bytes.length)
      throw new FormatError(`${path} became shorter while it was read`);
    return bytes;
  } catch (cause) {
    throw cause instanceof HalonetError ? cause : unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): HalonetError {
  return new HalonetError(`cannot read ${path}: ${systemReason(cause)}`, { cause });
}
