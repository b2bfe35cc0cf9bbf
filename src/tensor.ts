/** Element types that halonet reads, computes with or writes, by the names that ONNX and NumPy share. */
export type DType = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int8' | 'uint8';

export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
};

/** A dense, row-major, little-endian array. `data.byteLength` is the product of `shape` times the element size. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[]; // [] is a scalar
  readonly data: Uint8Array;
}

/** A tensor whose elements are computed on demand, so memory never holds a large network twice. */
export interface LazyTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Returns the bytes, as in {@link Tensor.data}, computed again at each call. */
  readonly read: () => Uint8Array;
}

/** Returns the number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Returns the number of bytes of a tensor. */
export function byteCount({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): number {
  return elementCount(shape) * BYTES_PER_ELEMENT[dtype];
}

/** Returns a float32 view of bytes, copied only if their alignment requires it. */
export function asFloat32(data: Uint8Array): Float32Array {
  if (data.byteOffset % 4 === 0) return new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  return new Float32Array(new Uint8Array(data).buffer);
}
