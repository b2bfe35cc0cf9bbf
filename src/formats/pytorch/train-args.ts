import { isKind, type Value } from './values.js';

/** The flags of timm's train.py that say how the network is built and what it is fed. */
const FIELDS = ['num_classes', 'img_size', 'input_size', 'mean', 'std', 'crop_pct', 'interpolation'];
const LONGEST_LIST = 16; // input_size has 3

/** What `arch` says, which timm's train.py writes beside the weights. */
export function trainedArchitecture(root: Value): string | undefined {
  const arch = isKind(root, 'dict') ? root.items.get('arch') : undefined;
  return typeof arch === 'string' ? arch : undefined;
}

/**
 * The plain ones among the flags of {@link FIELDS}: numbers, texts, booleans and short lists of them. One that was not
 * given is None in the file and absent here.
 */
export function trainArgs(root: Value): Readonly<Record<string, unknown>> {
  const args = isKind(root, 'dict') ? root.items.get('args') : undefined;
  const flags = isKind(args, 'inert') ? args.state : args;
  if (!isKind(flags, 'dict')) return {};
  return Object.fromEntries(
    FIELDS.map((field) => [field, plain(flags.items.get(field))] as const).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function plain(value: Value | undefined): unknown {
  if (!isKind(value, 'list') && !isKind(value, 'tuple')) return isScalar(value) ? value : undefined;
  return value.items.length <= LONGEST_LIST && value.items.every(isScalar) ? [...value.items] : undefined;
}

function isScalar(value: Value | undefined): boolean {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}
