import type { Tensor } from '../tensor.js';
import type { ByoModelCfg } from './config/byo-cfg.js';

// OpenAI's CLIP and OpenCLIP name the layers of their ResNets differently from timm, and also hold a text tower.
const PREFIX = 'visual.';
const BLOCK_LAYERS = ['conv1_1x1', 'conv2_kxk', 'conv3_1x1'];
const HEAD_NAMES: Readonly<Record<string, string>> = {
  positional_embedding: 'pos_embed',
  q_proj: 'q',
  k_proj: 'k',
  v_proj: 'v',
  c_proj: 'proj',
};

/**
 * Returns the image tower of a CLIP checkpoint under timm's names, without its attention pool if the network has
 * none (timm's `*_clip_gap`). Returns any other checkpoint unchanged.
 */
export function visualTensors(
  tensors: ReadonlyMap<string, Tensor>,
  { head_type: head }: Pick<ByoModelCfg, 'head_type'>,
): ReadonlyMap<string, Tensor> {
  if (!tensors.has(`${PREFIX}conv1.weight`)) return tensors;
  const pools = head.startsWith('attn');
  const visual = [...tensors]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, tensor]) => [timmNameOf(name.slice(PREFIX.length)), tensor] as const);
  return new Map(visual.filter(([name]) => pools || !name.startsWith('head.')));
}

function timmNameOf(name: string): string {
  return name
    .replace(/^(conv|bn)(\d)\./, (_, kind, place) => `stem.conv${place}.${kind}.`)
    .replace(
      /^layer(\d)\.(\d+)\.(conv|bn)(\d)\./,
      (_, stage, block, kind, place) =>
        `stages.${stage - 1}.${block}.${BLOCK_LAYERS[place - 1] ?? `conv${place}`}.${kind}.`,
    )
    .replace(
      /^layer(\d)\.(\d+)\.downsample\.(\d)\./,
      (_, stage, block, place) =>
        `stages.${stage - 1}.${block}.shortcut.conv.${place === '0' ? 'conv' : 'bn'}.`,
    )
    .replace(/^attnpool\.(\w+)/, (_, part) => `head.${HEAD_NAMES[part] ?? part}`);
}
