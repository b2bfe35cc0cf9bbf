import type { Fail } from './failures.js';
import { describe, isCount, isKind, type StorageRef, type Value } from './values.js';

/** What torch.save wrote, in either format. */
export interface Saved {
  readonly root: Value;
  /** Returns the bytes of a whole storage, after checking its length. @throws FormatError */
  readonly readStorage: (storage: StorageRef) => Uint8Array;
}

/** Returns the bytes of a whole storage. */
export function storageBytes({ length, dtype }: StorageRef): number {
  return length * dtype.bytes;
}

/**
 * Resolves a persistent id to a storage: `('storage', type, key, device, length)` and, in the legacy format, its
 * view as `(key, offset, length)` or None.
 */
export function storageRef(id: Value, fail: Fail): StorageRef {
  const [what, type, key, _device, length, view] = isKind(id, 'tuple') ? id.items : [];
  if (what !== 'storage' || !isKind(type, 'storage type')) {
    throw fail(
      `expected a storage outside of the pickle, found ${describe(what === 'storage' ? (type ?? null) : id)}`,
    );
  }
  if (typeof key !== 'string' && !isCount(key)) throw fail('a storage has no key');
  if (!isCount(length)) throw fail(`storage ${String(key)}: its length is not a count`);
  const whole: StorageRef = {
    kind: 'storage',
    key: String(key),
    dtype: type.dtype,
    length,
    begin: 0,
    end: length,
  };
  if (view === undefined || view === null) return whole;
  const [, begin, size] = isKind(view, 'tuple') ? view.items : [];
  if (!isCount(begin) || !isCount(size) || begin + size > length) {
    throw fail(`storage ${whole.key}: a view does not lie within its ${length} elements`);
  }
  return { ...whole, begin, end: begin + size };
}
