import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { encodeSafetensors } from '../formats/safetensors-encode.js';
import { parseModelConfig } from '../model/config-file/parse.js';
import { generateTensor } from '../model/generated-weights.js';
import { summarize } from '../model/summary.js';
import { blankWeights } from '../model/weights.js';
import { readText } from '../models/checkpoint.js';
import { configOfFolder, parseModelName } from '../models/locate.js';
import type { LazyTensor } from '../tensor.js';

/**
 * Writes a checkpoint with random weights into a folder, as `config.json` and `model.safetensors`. Downloads
 * nothing.
 *
 * @param model a timm name, a config.json, or a folder with a config.json and no checkpoint
 * @throws ModelError for any other model, or if the network cannot be built
 */
export async function writeRandomCheckpoint(model: string, folder: string): Promise<void> {
  const config = await configText(model);
  const network = parseModelConfig(config, model);
  const { pretrained, trainedSize } = network;
  const asked = blankWeights();
  summarize({ network, ...pretrained, ...trainedSize }, asked);
  const tensors = new Map([...asked.taken].map(([name, shape]) => [name, random(name, shape)]));
  await writeFile(join(folder, 'config.json'), config);
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
}

const random = (name: string, shape: readonly number[]): LazyTensor => ({
  dtype: 'float32',
  shape,
  read: () => new Uint8Array(generateTensor(name, shape).buffer),
});

async function configText(model: string): Promise<string> {
  const name = await parseModelName(model);
  if (name.kind === 'timm') {
    const { architecture, tag } = name.timm;
    return JSON.stringify({ architecture, pretrained_cfg: { tag } });
  }
  const path =
    name.kind === 'folder' ? await configOfFolder(name.path) : name.kind === 'file' ? name.path : undefined;
  if (path?.endsWith('.json')) return readText(path);
  throw new ModelError(
    `--random-weights needs a timm name or a config.json; received ${JSON.stringify(model)}`,
    {
      hint: 'To measure a checkpoint with its own weights, leave out --random-weights.',
    },
  );
}
