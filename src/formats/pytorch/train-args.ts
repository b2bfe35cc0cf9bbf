import { isKind, type Value } from './values.js';

/** The arguments of timm's train.py that describe the network and its input. */
const FIELDS = [
  ...['num_classes', 'gp', 'in_chans', 'img_size', 'input_size'],
  ...['mean', 'std', 'crop_pct', 'crop_mode', 'interpolation'],
];
const KWARGS = 'model_kwargs'; // a dict of arguments of the network, which may hold dicts of a layer's arguments
const MAX_ITEMS = 16; // input_size has 3
const MAX_DEPTH = 3;

/** Returns `arch`, which timm's train.py writes beside the weights. */
export function trainedArchitecture(root: Value): string | undefined {
  const arch = isKind(root, 'dict') ? root.items.get('arch') : undefined;
  return typeof arch === 'string' ? arch : undefined;
}

/**
 * Returns the arguments in {@link FIELDS} that have plain values: numbers, strings, booleans and short lists of
 * them; and `model_kwargs`, as an object of these. An argument that was not given is None in the file and absent
 * here.
 */
export function trainArgs(root: Value): Readonly<Record<string, unknown>> {
  const args = isKind(root, 'dict') ? root.items.get('args') : undefined;
  const flags = isKind(args, 'inert') ? args.state : args;
  if (!isKind(flags, 'dict')) return {};
  const given = FIELDS.map((field) => [field, plain(flags.items.get(field))] as const);
  const kwargs = [KWARGS, plainDict(flags.items.get(KWARGS), MAX_DEPTH)] as const;
  return Object.fromEntries([...given, kwargs].filter(([, value]) => value !== undefined));
}

function plain(value: Value | undefined): unknown {
  if (!isKind(value, 'list') && !isKind(value, 'tuple')) return isScalar(value) ? value : undefined;
  return value.items.length <= MAX_ITEMS && value.items.every(isScalar) ? [...value.items] : undefined;
}

/** Reads a dict whose values are plain, or dicts of plain values; undefined if it is empty or holds anything else. */
function plainDict(value: Value | undefined, depth: number): Readonly<Record<string, unknown>> | undefined {
  if (depth === 0 || !isKind(value, 'dict') || value.items.size > MAX_ITEMS) return undefined;
  const entries = [...value.items].map(
    ([key, item]) => [key, plain(item) ?? plainDict(item, depth - 1)] as const,
  );
  const isPlain = entries.every(([key, item]) => typeof key === 'string' && item !== undefined);
  return isPlain && entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function isScalar(value: Value | undefined): boolean {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}
