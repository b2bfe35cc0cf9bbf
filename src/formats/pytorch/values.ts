import type { DType } from '../../tensor.js';
import type { Fail } from './failures.js';

/** The values that a pickle builds. They run no code: an object from the file is its class name and its state. */
export type Value =
  | null
  | boolean
  | number // a float, or an integer that a double represents exactly
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

/** A dict of any class. A Map, so that `__proto__` is an ordinary key. */
export interface Dict {
  readonly kind: 'dict';
  readonly items: Map<Value, Value>;
}

/** A set or frozenset, without its members: none is a weight. */
export interface PySet {
  readonly kind: 'set';
}

/** A class or function that a pickle may call: always one of ours, under Python's name. */
export interface Callable {
  readonly kind: 'callable';
  readonly name: string;
  readonly call: (args: readonly Value[], fail: Fail) => Value;
}

/** An object that halonet ignores, such as a NumPy number, or whose state it reads, such as a Namespace. */
export interface Inert {
  readonly kind: 'inert';
  readonly name: string; // of its class
  state: Value; // set by BUILD, else null
}

export interface TorchDType {
  readonly kind: 'dtype';
  readonly name: string; // without the "torch."
  readonly bytes: number; // per element
  readonly readAs: DType | undefined; // undefined: halonet does not compute with this type
}

export interface StorageType {
  readonly kind: 'storage type';
  readonly name: string;
  readonly dtype: TorchDType;
}

/** A block of memory, which several tensors may share. Its bytes are read on demand. */
export interface StorageRef {
  readonly kind: 'storage';
  readonly key: string;
  readonly dtype: TorchDType;
  readonly length: number; // elements in the whole block
  readonly begin: number; // first element of this view
  readonly end: number; // exclusive
}

/** A tensor as the file describes it, not yet checked against its storage. */
export interface TensorRef {
  readonly kind: 'tensor';
  readonly storage: StorageRef;
  readonly dtype: TorchDType;
  readonly offset: number; // elements of dtype, from the storage's begin
  readonly shape: readonly number[];
  readonly strides: readonly number[]; // elements, one per dimension
}

/** Describes a value in a few words, for error messages. */
export function describe(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value === 'string') return 'a str';
  if (value instanceof Uint8Array) return 'bytes';
  if (value.kind === 'callable' || value.kind === 'inert') return value.name;
  return `a ${value.kind}`;
}

/** Whether a value can be a size, an offset or a count. */
export function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function isKind<K extends Extract<Value, { kind: string }>['kind']>(
  value: Value | undefined,
  kind: K,
): value is Extract<Value, { kind: K }> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.kind === kind;
}
