import { copyFile, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { CheckpointOptions } from '../models/checkpoint.js';
import { locate } from '../models/locate.js';
import { isOnnxFile } from '../models/onnx-model.js';

/**
 * Links the files of a model into a folder. An int8 calibration is stored beside its checkpoint, and one measured
 * on generated images must not end up beside the user's.
 *
 * @returns the path of the weights in the folder
 */
export async function linkedModel(
  model: string,
  folder: string,
  options: CheckpointOptions,
): Promise<string> {
  if (await isOnnxFile(model)) return link(model, folder);
  const { weights, config } = await locate(model, options);
  if (config !== undefined) await link(config, folder);
  return link(weights, folder);
}

async function link(file: string, folder: string): Promise<string> {
  const path = join(folder, basename(file));
  const target = resolve(file);
  await symlink(target, path).catch(() => copyFile(target, path)); // Windows may not allow links
  return path;
}
