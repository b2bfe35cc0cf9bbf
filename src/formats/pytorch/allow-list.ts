import { TYPE_NAMES } from './dtypes.js';
import type { AllowList } from './pickle/machine.js';
import { REBUILDERS } from './rebuild.js';
import { type Callable, describe, isKind, type Value } from './values.js';

type Named = readonly [name: string, value: Value];

/** Objects whose class is all that matters; of argparse.Namespace also the state, which BUILD gives. */
const INERT = [
  'argparse.Namespace',
  'torch.device',
  // NumPy's numbers, as in timm's `metric`, and arrays; since 2.0 under numpy._core.
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'numpy.core.numeric._frombuffer',
  'numpy._core.numeric._frombuffer',
  '_codecs.encode', // bytes, in the protocols that have none
  // Tensors that are no dense array: an error only where a weight is one.
  'torch._utils._rebuild_sparse_tensor',
  'torch._utils._rebuild_sparse_csr_tensor',
  'torch._utils._rebuild_nested_tensor',
  'torch._utils._rebuild_qtensor',
  'torch._utils._rebuild_meta_tensor_no_storage',
  'torch.serialization._get_layout',
];

/** Names that are passed on but never called. */
const NAMES = ['numpy.ndarray', 'torch.Tensor', 'torch.per_tensor_affine', 'torch.per_channel_affine'];

// Python 3 writes protocols up to 2 with Python 2's names of these.
const BUILTINS = ['builtins', '__builtin__'];

const callable = (name: string, call: Callable['call']): Named => [name, { kind: 'callable', name, call }];

const inert = (name: string): Value => ({ kind: 'inert', name, state: null });

/**
 * All that a checkpoint's pickle may name, under `module.name`: what torch.load(weights_only=True) takes, and what timm
 * adds to it. None of it has effects.
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
  // Protocols 0 and 1 make every object this way.
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

/** Python 2's OrderedDict comes as a list of pairs; Python 3's is empty at first. */
function dictOf(pairs: Value | undefined): Value {
  const items = new Map<Value, Value>();
  for (const pair of itemsOf(pairs)) {
    const [key, value] = itemsOf(pair);
    if (key !== undefined && value !== undefined) items.set(key, value);
  }
  return { kind: 'dict', items };
}
