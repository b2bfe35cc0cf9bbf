import { TYPE_NAMES } from './dtypes.js';
import type { AllowList } from './pickle/machine.js';
import { REBUILDERS } from './rebuild.js';
import { type Callable, describe, isKind, type Value } from './values.js';

type Named = readonly [name: string, value: Value];

/** Objects of which only the class matters; for argparse.Namespace also the state, which BUILD sets. */
const INERT = [
  'argparse.Namespace',
  'torch.device',
  // NumPy scalars, as in timm's `metric`, and arrays; since 2.0 under numpy._core.
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'numpy.core.numeric._frombuffer',
  'numpy._core.numeric._frombuffer',
  '_codecs.encode', // bytes, in the protocols without a bytes type
  // Tensors that are not dense arrays: an error only if a weight is one.
  'torch._utils._rebuild_sparse_tensor',
  'torch._utils._rebuild_sparse_csr_tensor',
  'torch._utils._rebuild_nested_tensor',
  'torch._utils._rebuild_qtensor',
  'torch._utils._rebuild_meta_tensor_no_storage',
  'torch.serialization._get_layout',
];

/** Names that appear as values but are never called. */
const NAMES = ['numpy.ndarray', 'torch.Tensor', 'torch.per_tensor_affine', 'torch.per_channel_affine'];

// Python 3 writes protocols up to 2 with Python 2's names for these.
const BUILTINS = ['builtins', '__builtin__'];

const callable = (name: string, call: Callable['call']): Named => [name, { kind: 'callable', name, call }];

const inert = (name: string): Value => ({ kind: 'inert', name, state: null });

/**
 * Everything that a checkpoint's pickle may name, as `module.name`: what torch.load(weights_only=True) accepts, and
 * what timm adds. None of it has side effects.
 */
export const ALLOWED: AllowList = new Map<string, Value>([
  ...TYPE_NAMES,
  ...REBUILDERS.map((rebuilder) => [rebuilder.name, rebuilder] as const),
  ...INERT.map((name) => callable(name, () => inert(name))),
  ...NAMES.map((name) => [name, inert(name)] as const),
  ...BUILTINS.flatMap((module) => [
    ...['complex', 'slice', 'bytearray'].map((name) => callable(`${module}.${name}`, () => inert(name))),
    ...['set', 'frozenset'].map((name) => callable(`${module}.${name}`, () => ({ kind: 'set' }))),
    [`${module}.object`, inert('object')] as const,
  ]),
  callable('collections.OrderedDict', ([pairs]) => dictOf(pairs)),
  callable('torch.Size', ([sizes]) => ({ kind: 'tuple', items: itemsOf(sizes) })),
  // Protocols 0 and 1 create every object this way.
  ...['copyreg', 'copy_reg'].map((module) =>
    callable(`${module}._reconstructor`, ([type], fail) => {
      if (isKind(type, 'callable') && type.name === 'argparse.Namespace') return inert(type.name);
      throw fail(`expected argparse.Namespace, found ${describe(type ?? null)} (nothing was executed)`);
    }),
  ),
]);

function itemsOf(value: Value | undefined): readonly Value[] {
  return isKind(value, 'list') || isKind(value, 'tuple') ? value.items : [];
}

/** Python 2 passes OrderedDict a list of pairs; Python 3 creates it empty. */
function dictOf(pairs: Value | undefined): Value {
  const items = new Map<Value, Value>();
  for (const pair of itemsOf(pairs)) {
    const [key, value] = itemsOf(pair);
    if (key !== undefined && value !== undefined) items.set(key, value);
  }
  return { kind: 'dict', items };
}
