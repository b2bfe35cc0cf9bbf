import { elementCount } from '../../tensor.js';
import type { Fail } from './failures.js';
import { type Callable, describe, isCount, isKind, type TensorRef, type Value } from './values.js';

const MAX_DIMENSIONS = 64; // PyTorch's own limit

const rebuildTensor: Callable = {
  kind: 'callable',
  name: 'torch._utils._rebuild_tensor',
  call: ([storage, offset, shape, strides], fail) => tensorRef({ storage, offset, shape, strides }, fail),
};

// Also receives requires_grad and the backward hooks, which only training needs.
const rebuildTensor2: Callable = { ...rebuildTensor, name: 'torch._utils._rebuild_tensor_v2' };

// For types without their own storage class: the storage counts bytes, and the type comes last.
const rebuildTensor3: Callable = {
  kind: 'callable',
  name: 'torch._utils._rebuild_tensor_v3',
  call: ([storage, offset, shape, strides, _requiresGrad, _hooks, dtype], fail) =>
    tensorRef({ storage, offset, shape, strides, dtype }, fail),
};

// A parameter is returned as its tensor; gradients are not needed.
const parameter = (name: string): Callable => ({
  kind: 'callable',
  name,
  call: ([data], fail) => {
    if (!isKind(data, 'tensor')) throw fail(`expected a tensor, found ${describe(data ?? null)}`);
    return data;
  },
});

const PLAIN = [
  rebuildTensor,
  rebuildTensor2,
  rebuildTensor3,
  parameter('torch._utils._rebuild_parameter'),
  parameter('torch._utils._rebuild_parameter_with_state'),
  parameter('torch.nn.parameter.Parameter'),
];

// A tensor with attributes of its own, or of a subclass. Only the functions above are allowed, so it cannot nest.
const rebuildFromType: Callable = {
  kind: 'callable',
  name: 'torch._tensor._rebuild_from_type_v2',
  call: ([rebuild, _type, args], fail) => {
    const found = PLAIN.find((callable) => callable === rebuild);
    if (found === undefined || !isKind(args, 'tuple')) {
      throw fail(`expected a function that makes a tensor, found ${describe(rebuild ?? null)}`);
    }
    return found.call(args.items, fail);
  },
};

/**
 * The functions that pickles call to rebuild tensors and parameters:
 * https://github.com/pytorch/pytorch/blob/main/torch/_utils.py
 */
export const REBUILDERS: readonly Callable[] = [...PLAIN, rebuildFromType];

interface Arguments {
  readonly storage: Value | undefined;
  readonly offset: Value | undefined;
  readonly shape: Value | undefined;
  readonly strides: Value | undefined;
  readonly dtype?: Value | undefined; // defaults to the storage's
}

function tensorRef({ storage, offset, shape, strides, dtype }: Arguments, fail: Fail): TensorRef {
  if (!isKind(storage, 'storage')) throw fail(`expected a storage, found ${describe(storage ?? null)}`);
  const type = dtype ?? storage.dtype;
  if (!isKind(type, 'dtype')) throw fail(`expected a dtype, found ${describe(type)}`);
  if (!isCount(offset)) throw fail('the offset into the storage is not a count of elements');
  const sizes = counts(shape, 'shape', fail);
  const steps = counts(strides, 'strides', fail);
  if (sizes.length !== steps.length)
    throw fail(`a shape of ${sizes.length} sizes has ${steps.length} strides`);
  if (!Number.isSafeInteger(elementCount(sizes)))
    throw fail(`a shape of [${sizes.join(', ')}] is beyond any file`);
  return { kind: 'tensor', storage, dtype: type, offset, shape: sizes, strides: steps };
}

function counts(value: Value | undefined, what: string, fail: Fail): readonly number[] {
  if (!isKind(value, 'tuple')) throw fail(`expected a tuple as ${what}, found ${describe(value ?? null)}`);
  if (value.items.length > MAX_DIMENSIONS) {
    throw fail(`${what} of ${value.items.length} dimensions; expected at most ${MAX_DIMENSIONS}`);
  }
  return value.items.map((item) => {
    if (!isCount(item)) throw fail(`${what} has something other than sizes from 0 up`);
    return item;
  });
}
