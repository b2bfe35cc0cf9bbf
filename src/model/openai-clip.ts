import type { Tensor } from '../tensor.js';

// OpenAI's CLIP and OpenCLIP call the layers of their ResNets by other names than timm, beside a text tower.
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
 * The image tower of a CLIP checkpoint under timm's names; any other checkpoint is given back as it is.
 */
export function visualTensors(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  if (!tensors.has(`${PREFIX}conv1.weight`)) return tensors;
  const visual = [...tensors].filter(([name]) => name.startsWith(PREFIX));
  return new Map(visual.map(([name, tensor]) => [timmNameOf(name.slice(PREFIX.length)), tensor]));
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
