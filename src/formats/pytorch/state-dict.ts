import { quote, unsuitable } from './failures.js';
import { describe, isKind, type TensorRef, type Value } from './values.js';

// The keys that timm's load_state_dict looks for, in this order:
// https://github.com/huggingface/pytorch-image-models
const AVERAGES = ['state_dict_ema', 'model_ema']; // used unless None
const WEIGHTS = ['state_dict', 'model'];
const PREFIXES = ['module.', '_orig_mod.']; // added by DistributedDataParallel and torch.compile; each is removed once, in this order

/** The weights of a checkpoint, and the key they were found under. */
export interface StateDict {
  readonly key: string | undefined; // such as state_dict_ema; undefined if the object itself holds the weights
  readonly tensors: ReadonlyMap<string, TensorRef>;
}

/**
 * Finds the weights in a checkpoint, under the network's own names and in file order: the moving average if there
 * is one, else the trained weights, else the object itself.
 *
 * @throws FormatError if there is no dict, or it holds anything but tensors
 */
export function findStateDict(root: Value, where: string): StateDict {
  if (!isKind(root, 'dict')) {
    throw unsuitable(
      where,
      `holds ${describe(root)}; expected a dict of tensors, or a dict with one as "state_dict"`,
    );
  }
  const key =
    AVERAGES.find((name) => (root.items.get(name) ?? null) !== null) ??
    WEIGHTS.find((name) => root.items.has(name));
  const place = key === undefined ? where : `${where}: ${quote(key)}`;
  const chosen = key === undefined ? root : root.items.get(key);
  if (!isKind(chosen, 'dict')) {
    throw unsuitable(place, `is ${describe(chosen ?? null)}; expected a dict of tensors`);
  }
  const tensors = new Map<string, TensorRef>();
  for (const [name, value] of chosen.items) {
    if (typeof name !== 'string')
      throw unsuitable(place, `has ${describe(name)} as a key; expected names of tensors`);
    if (!isKind(value, 'tensor')) {
      const looked = key === undefined ? ` (it has none of ${[...AVERAGES, ...WEIGHTS].join(', ')})` : '';
      throw unsuitable(place, `${quote(name)} is ${describe(value)}; expected a tensor${looked}`);
    }
    const clean = PREFIXES.reduce((text, prefix) => withoutPrefix(text, prefix), name);
    if (tensors.has(clean))
      throw unsuitable(place, `has tensor ${quote(clean)} twice, with and without a prefix`);
    tensors.set(clean, value);
  }
  return { key, tensors };
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
