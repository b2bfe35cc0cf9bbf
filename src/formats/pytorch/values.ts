import type { DType } from '../../tensor.js';
import type { Fail } from './failures.js';

/** What a pickle builds. Nothing here runs: an object of the file is its class's name and the state it came with. */
export type Value =
  | null
  | boolean
  | number // a float, or an integer that a double holds
  | bigint // any other integer
  | string
  | Uint8Array // bytes and bytearray, as a view of the file
  | List
  | Tuple
  | Dict
  | PySet
  | Callable
  | Inert
  | TorchDType
  | StorageType
  | StorageRef
  | TensorRef;

export interface List {
  readonly kind: 'list';
  readonly items: Value[];
}

export interface Tuple {
  readonly kind: 'tuple';
  readonly items: readonly Value[];
}

/** A dict of any class. A Map, so that a key named `__proto__` is a key like another. */
export interface Dict {
  readonly kind: 'dict';
  readonly items: Map<Value, Value>;
}

/** A set or frozenset, without its members: none is a weight. */
export interface PySet {
  readonly kind: 'set';
}

/** A class or function that a pickle may call: always one of ours under the name of Python's. */
export interface Callable {
  readonly kind: 'callable';
  readonly name: string;
  readonly call: (args: readonly Value[], fail: Fail) => Value;
}

/** An object that halonet has no use for, such as a NumPy number, or whose state it reads, such as a Namespace. */
export interface Inert {
  readonly kind: 'inert';
  readonly name: string; // of its class
  state: Value; // what BUILD gave it, else null
}

export interface TorchDType {
  readonly kind: 'dtype';
  readonly name: string; // without the "torch."
  readonly bytes: number; // per element
  readonly readAs: DType | undefined; // undefined: halonet computes with no such type
}

export interface StorageType {
  readonly kind: 'storage type';
  readonly name: string;
  readonly dtype: TorchDType;
}

/** One block of memory, which several tensors may share. Its bytes stay in the file until they are asked for. */
export interface StorageRef {
  readonly kind: 'storage';
  readonly key: string;
  readonly dtype: TorchDType;
  readonly length: number; // elements of the whole block
  readonly begin: number; // first element of this view of it
  readonly end: number; // exclusive
}

/** A tensor as the file describes it, not yet checked against its storage. */
export interface TensorRef {
  readonly kind: 'tensor';
  readonly storage: StorageRef;
  readonly dtype: TorchDType;
  readonly offset: number; // elements of dtype, from the storage's begin
  readonly shape: readonly number[];
  readonly strides: readonly number[]; // elements; one for each dimension
}

/** A few words for an error message. */
export function describe(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value === 'string') return 'a str';
  if (value instanceof Uint8Array) return 'bytes';
  if (value.kind === 'callable' || value.kind === 'inert') return value.name;
  return `a ${value.kind}`;
}

/** Whether it is a size, an offset or a count. */
export function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function isKind<K extends Extract<Value, { kind: string }>['kind']>(
  value: Value | undefined,
  kind: K,
): value is Extract<Value, { kind: K }> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.kind === kind;
}
