import { readFile } from 'node:fs/promises';
import { parse } from 'npyjs';

interface NpyArray<T> {
  readonly shape: readonly number[];
  readonly dtype: string; // as npyjs calls it: f4, f2, u1
  readonly data: T;
}

// npyjs is an independent reader. It does not compare the header's shape with the bytes that follow, so we do.
async function readNpy(path: string): Promise<NpyArray<Uint8Array | Float32Array>> {
  const { buffer } = new Uint8Array(await readFile(path)); // a copy: small files share a buffer
  const { shape, dtype, data } = parse(buffer);
  if (!(data instanceof Uint8Array || data instanceof Float32Array))
    throw new TypeError(`${path} holds ${dtype}`);
  const expected = shape.reduce((product, size) => product * size, 1);
  if (data.length !== expected)
    throw new RangeError(`${path}: ${data.length} elements for a shape of ${expected}`);
  return { shape, dtype, data };
}

/** Reads an NPY file of float32, or of float16, which is widened. */
export async function readFloats(path: string): Promise<NpyArray<Float32Array>> {
  const { data, ...rest } = await readNpy(path);
  if (!(data instanceof Float32Array)) throw new TypeError(`${path}: expected floats, found ${rest.dtype}`);
  return { data, ...rest };
}

/** Reads an NPY file of uint8. */
export async function readBytes(path: string): Promise<NpyArray<Uint8Array>> {
  const { data, ...rest } = await readNpy(path);
  if (!(data instanceof Uint8Array)) throw new TypeError(`${path}: expected uint8, found ${rest.dtype}`);
  return { data, ...rest };
}
