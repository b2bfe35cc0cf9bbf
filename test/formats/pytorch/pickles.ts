/** Part of a pickle. Each function below returns the instructions that push one value. */
export type Part = readonly number[];

const bytesOf = (text: string): readonly number[] => [...Buffer.from(text)];

export const NONE: Part = [0x4e];

/** A whole pickle of protocol 2. */
export function pickle(value: Part): Uint8Array {
  return Uint8Array.from([0x80, 2, ...value, 0x2e]);
}

/** 0 to 65535, as BININT2. */
export function int(value: number): Part {
  return [0x4d, value & 255, value >> 8];
}

/** Any integer of up to 8 bytes, as LONG1. */
function long(value: bigint): Part {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return [0x8a, 8, ...bytes];
}

/** A text of up to 255 bytes, as SHORT_BINUNICODE. */
export function text(value: string): Part {
  const bytes = bytesOf(value);
  return [0x8c, bytes.length, ...bytes];
}

export function tuple(...items: readonly Part[]): Part {
  return [0x28, ...items.flat(), 0x74];
}

export function list(...items: readonly Part[]): Part {
  return [0x5d, 0x28, ...items.flat(), 0x65];
}

export function dict(...pairs: readonly (readonly [key: Part, value: Part])[]): Part {
  return [0x7d, 0x28, ...pairs.flat(2), 0x75];
}

export function global(module: string, name: string): Part {
  return [0x63, ...bytesOf(`${module}\n${name}\n`)];
}

export function call(callable: Part, ...args: readonly Part[]): Part {
  return [...callable, ...tuple(...args), 0x52];
}

export function storage(key: string, length: number | bigint, type = 'FloatStorage'): Part {
  const count = typeof length === 'bigint' ? long(length) : int(length);
  return [...tuple(text('storage'), global('torch', type), text(key), text('cpu'), count), 0x51];
}

export interface TensorParts {
  readonly storage: Part;
  readonly shape: readonly (number | bigint)[];
  readonly strides: readonly (number | bigint)[];
  readonly offset?: number;
}

export function tensor({ storage: block, shape, strides, offset = 0 }: TensorParts): Part {
  const sizes = (values: readonly (number | bigint)[]) =>
    tuple(...values.map((value) => (typeof value === 'bigint' ? long(value) : int(value))));
  const rebuild = global('torch._utils', '_rebuild_tensor_v2');
  return call(rebuild, block, int(offset), sizes(shape), sizes(strides), [0x89], dict());
}
